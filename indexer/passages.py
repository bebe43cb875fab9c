"""Gathers sentences into passages that fit an encoder's window, and cuts the sentence that does not.

Knows sentences, blank lines and the number of tokens of a text. It must not know a tokenizer or a model:
counts of parts need not add up to the count of the whole, so every passage is counted as it stands.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import regex

from indexer.article import Passage, Sentence

CountTokens = Callable[[Sequence[str]], list[int]]

_CLAUSE_END = regex.compile(r"[,;:—–、，；：،)\]”’」。.!?…]\s+|[、，；：。]|\s[—–-]\s|\n+")
_SPACE = regex.compile(r"\s+")
_GRAPHEME = regex.compile(r"\X")
_ROOM = 0.9
_SNAP = 0.25
_WITHIN_BLOCK = 0.06
_WITHIN_LINE = 0.09
_WITHIN_LIST = 0.09


def passages(
    text: str, sentences: Sequence[Sentence], count_tokens: CountTokens, window: int
) -> tuple[tuple[Sentence, ...], tuple[Passage, ...]]:
    """The final sentences, and the fewest passages of similar size that fit ``window`` tokens.

    A sentence of more than ``window`` tokens comes back as several of the same kind, cut after a clause,
    else at white space, else between grapheme clusters; a single character is never cut, even if it has
    more tokens than the window. Each sentence is in one passage, and a passage is cut after a heading only
    where the heading does not fit together with what follows it.
    """
    fitting, counts = _fitted(text, sentences, count_tokens, window)
    if not fitting:
        return (), ()
    atoms = _atoms(text, fitting, counts, window)
    runs = _verified(text, fitting, atoms, count_tokens, window)
    return fitting, tuple(Passage(fitting[a].start, fitting[b - 1].end, a, b) for a, b in runs)


def _fitted(
    text: str, sentences: Sequence[Sentence], count_tokens: CountTokens, window: int
) -> tuple[tuple[Sentence, ...], list[int]]:
    """Sentences of at most ``window`` tokens with their counts; pieces are cut again until they fit."""
    counts = count_tokens([text[sentence.start : sentence.end] for sentence in sentences])
    whole = list(zip(sentences, counts, strict=True))
    while True:
        cut = [list(_pieces(text, sentence, count, window)) for sentence, count in whole]
        fresh = [piece for pieces in cut if len(pieces) > 1 for piece in pieces]
        if not fresh:
            return tuple(sentence for sentence, _ in whole), [count for _, count in whole]
        counted = iter(count_tokens([text[piece.start : piece.end] for piece in fresh]))
        whole = [
            (piece, next(counted) if len(pieces) > 1 else count)
            for pieces, (_, count) in zip(cut, whole, strict=True)
            for piece in pieces
        ]


def _pieces(text: str, sentence: Sentence, count: int, window: int) -> Iterator[Sentence]:
    """The sentence if it fits, else pieces of about equal length, each shorter than the sentence."""
    start, end, kind = sentence.start, sentence.end, sentence.kind
    if count <= window or end - start < 2:
        yield sentence
        return
    parts = min(end - start, max(2, -int(-count // (_ROOM * window))))
    length = (end - start) / parts
    for number in range(1, parts):
        wanted = sentence.start + round(number * length)
        before, after = _cut_near(text, start, wanted, end, int(_SNAP * length))
        if start < before and after < end:
            yield Sentence(start, before, kind)
            start = after
    yield Sentence(start, end, kind)


def _cut_near(text: str, start: int, wanted: int, end: int, reach: int) -> tuple[int, int]:
    """Where one piece ends and the next one begins, as near to ``wanted`` as a good place allows."""
    low, high = max(start + 1, wanted - reach), min(end, wanted + reach)
    for places in (_CLAUSE_END, _SPACE):
        ends = [match.end() for match in places.finditer(text, low, high) if match.end() < end]
        if ends:
            return _around_space(text, min(ends, key=lambda place: abs(place - wanted)), start, end)
    place = _between_graphemes(text, start, max(start + 1, wanted), end)
    return _around_space(text, place, start, end)


def _around_space(text: str, place: int, start: int, end: int) -> tuple[int, int]:
    before = after = place
    while before > start and text[before - 1].isspace():
        before -= 1
    while after < end and text[after].isspace():
        after += 1
    return before, after


def _between_graphemes(text: str, start: int, place: int, end: int) -> int:
    """A border of two grapheme clusters at ``place`` or nearby; ``place`` inside an endless one."""
    reach = 32
    for cluster in _GRAPHEME.finditer(text, max(start, place - reach), min(end, place + reach)):
        if cluster.end() < place:
            continue
        if cluster.end() < min(end, place + reach):
            return cluster.end()
        return cluster.start() if cluster.start() > max(start, place - reach) else place
    return place


class _Atom(NamedTuple):
    """Sentences ``[first, last)`` that stay together; ``price`` is what a cut after them costs."""

    first: int
    last: int
    tokens: int
    price: float


def _atoms(text: str, sentences: Sequence[Sentence], counts: list[int], window: int) -> list[_Atom]:
    """Each sentence, and each heading with what follows it as far as both fit the window."""
    atoms: list[_Atom] = []
    for index in reversed(range(len(sentences))):
        atom = _Atom(index, index + 1, counts[index], _price(text, sentences, index))
        heads = sentences[index].kind == "heading" and atoms
        if heads and atom.tokens + atoms[-1].tokens <= window:
            below = atoms.pop()
            atom = _Atom(index, below.last, atom.tokens + below.tokens, below.price)
        atoms.append(atom)
    return atoms[::-1]


def _price(text: str, sentences: Sequence[Sentence], index: int) -> float:
    """How much a cut after this sentence is disliked, on the scale of a squared deviation in size."""
    if index + 1 == len(sentences):
        return 0.0
    above, below = sentences[index], sentences[index + 1]
    if above.kind == "item" and below.kind == "item":
        return _WITHIN_LIST
    lines = text.count("\n", above.end, below.start)
    return 0.0 if lines > 1 else _WITHIN_BLOCK if lines else _WITHIN_LINE


def _verified(
    text: str, sentences: Sequence[Sentence], atoms: list[_Atom], count_tokens: CountTokens, window: int
) -> list[tuple[int, int]]:
    """Runs of sentences whose text, counted as a whole, fits the window; those that do not are cut again."""
    pending = [(atoms, sum(atom.tokens for atom in atoms))]
    runs: list[tuple[int, int]] = []
    while pending:
        likely: list[list[_Atom]] = []
        for group, tokens in pending:
            # A sum well above the window is not worth counting as a whole.
            likely.extend([group] if tokens <= 1.25 * window else _balanced(group, window))
        counted = count_tokens([_written(text, sentences, group) for group in likely])
        pending = []
        for group, tokens in zip(likely, counted, strict=True):
            if tokens <= window or group[-1].last - group[0].first == 1:
                runs.append((group[0].first, group[-1].last))
            else:
                pending.extend((part, 0) for part in _narrower(group, tokens, window))
    return sorted(runs)


def _written(text: str, sentences: Sequence[Sentence], group: list[_Atom]) -> str:
    return text[sentences[group[0].first].start : sentences[group[-1].last - 1].end]


def _narrower(group: list[_Atom], tokens: int, window: int) -> list[list[_Atom]]:
    """At least two parts of a group whose text has ``tokens`` tokens, more than the window."""
    if len(group) == 1:
        only = group[0]
        share = only.tokens // (only.last - only.first)
        group = [_Atom(index, index + 1, share, 0.0) for index in range(only.first, only.last)]
    total = sum(atom.tokens for atom in group)
    parts = _balanced(group, int(window * min(1.0, total / tokens)))
    if len(parts) > 1:
        return parts
    middle = len(group) // 2
    return [group[:middle], group[middle:]]


def _balanced(atoms: list[_Atom], window: int) -> list[list[_Atom]]:
    """The fewest groups of at most ``window`` summed tokens, of similar size, cut where it costs least.

    Filling each group to the brim gives the fewest; walking back from the end tells how many each rest
    needs. A group may then end anywhere from which the rest still needs one group less, and ends nearest
    to its even share: linear in the number of atoms.
    """
    sums = [0, *accumulate(atom.tokens for atom in atoms)]
    furthest = _furthest(sums, window)
    needed = [0] * (len(atoms) + 1)
    for index in reversed(range(len(atoms))):
        needed[index] = needed[furthest[index]] + 1
    groups: list[list[_Atom]] = []
    first = 0
    while first < len(atoms):
        share = max(1.0, (sums[-1] - sums[first]) / needed[first])
        last = furthest[first]
        best, lowest = last, float("inf")
        while last > first and needed[last] < needed[first]:
            cost = ((sums[last] - sums[first]) / share - 1) ** 2 + atoms[last - 1].price
            if cost < lowest:
                best, lowest = last, cost
            last -= 1
        groups.append(atoms[first:best])
        first = best
    return groups


def _furthest(sums: list[int], window: int) -> list[int]:
    """For each atom the end of the longest group that begins with it; a group has at least one atom."""
    furthest, last = [], 0
    for first in range(len(sums) - 1):
        last = max(last, first + 1)
        while last + 1 < len(sums) and sums[last + 1] - sums[first] <= window:
            last += 1
        furthest.append(last)
    return furthest
