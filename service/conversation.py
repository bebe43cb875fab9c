"""A conversation's last question, made to stand for itself by what was asked before.

Knows pronouns and ellipsis of English by a few certain patterns, and works without a model: a word is only
replaced when the turns before leave one name for it. Whatever is not certain is left as it was asked.
Korean, and antecedents that are no names, are not resolved. Knows nothing of how questions are answered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.names import names_in


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of the conversation, with what was answered to it, None when nothing was."""

    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """Words of a question, and what they were taken to stand for."""

    words: str
    stand_for: str


@dataclass(frozen=True, slots=True)
class Understood:
    """``question`` is what to ask; ``asked`` what was asked, the same when nothing was replaced."""

    asked: str
    question: str
    replaced: tuple[Replaced, ...] = ()


def understood(turns: Sequence[Turn], asked: str, longest: int) -> Understood:
    """Read a question after the turns before it, each of which was read after those before itself.

    One that would grow beyond ``longest`` characters is left as it was asked.
    """
    before: Turn | None = None
    for turn in turns:
        before = Turn(_after(before, turn.question, longest).question, turn.answer)
    return _after(before, asked, longest)


def _after(before: Turn | None, asked: str, longest: int) -> Understood:
    as_asked = Understood(asked, asked)
    if before is None:
        return as_asked
    read = (
        _another(before.question, asked)
        or _only_a_question_word(before.question, asked)
        or _with_names_for_pronouns(before, asked)
    )
    return read if read is not None and len(read.question) <= longest else as_asked


# What leads is never given back: else each way to share out a long run would be tried with each rest.
_LEAD = r"^\W*+(?:(?:and|so|but|ok(?:ay)?|then|now)\b[\s,]*+)*+"
_PREPOSITIONS = (
    "in|for|at|of|from|by|on|since|before|after|during|near"
    "|to|into|with|within|between|through|across|over|under"
)
_ANOTHER = re.compile(
    rf"{_LEAD}(?:(?:what|how)\s+about\s+)?(?:(?P<with>{_PREPOSITIONS})\s+)?(?P<rest>[^?.!]+?)\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_LED = re.compile(
    rf"{_LEAD}(?:(?:what|how)\s+about\s+|(?:{_PREPOSITIONS})\s)|^\W*(?:and|so|but)\b", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


def _another(before: str, asked: str) -> Understood | None:
    """Read 'And in Busan?', 'What about 2021?': the question before, of another place or year."""
    plain = _in_one_line(asked)
    found = _ANOTHER.match(plain)
    if found is None:
        return None
    rest = found["rest"].removesuffix(" then").removesuffix(" instead")
    year = _YEAR.fullmatch(rest)
    if not (year or [rest] == names_in(rest)) or not (_LED.match(plain) or len(rest.split()) == 1):
        return None
    old = _YEAR.findall(before) if year else _place_for(before, found["with"])
    if len(old) != 1 or old[0] == rest:
        return None
    return Understood(asked, before.replace(old[0], rest), (Replaced(asked.strip(), f"{rest} for {old[0]}"),))


def _place_for(before: str, preposition: str | None) -> list[str]:
    """Return the names that another one may stand in for: those after the same preposition, else all."""
    names = _few_names(before)
    if preposition is not None:
        same = [name for name in names if _after_preposition(name, preposition, before)]
        if same:
            return same
    return names


_QUESTION_WORD = re.compile(
    rf"{_LEAD}(?P<word>(?:since |until |by )?(?:when|where|why|who|how|how many|how much|by whom))\s*\?*\s*$",
    re.IGNORECASE,
)


def _only_a_question_word(before: str, asked: str) -> Understood | None:
    """Read 'And when?': the question before, and what more is wanted of it."""
    found = _QUESTION_WORD.match(_in_one_line(asked))
    if found is None:
        return None
    word = found["word"].capitalize()
    return Understood(asked, f"{before.strip()} {word}?", (Replaced(asked.strip(), before.strip()),))


_PERSONS = ("he", "she", "him", "her", "his")
_THINGS = ("it", "its", "they", "them", "their")
_PRONOUN = re.compile(
    rf"\b(?P<word>{'|'.join(_PERSONS + _THINGS)}|there"
    r"|(?:this|that|the same) (?:city|town|place|country|region|district|network|programme|program|project"
    r"|organi[sz]ation|association|initiative|river|park|agency))\b(?!['’])",
    re.IGNORECASE,
)
_POSSESSIVE = ("its", "their", "his")
_EMPTY = re.compile(
    # Words that stand for nothing: 'is it true', 'how long does it take', 'are there', 'there is'.
    r"\b(?:is|was|are|were|will|has|have|had|be|been)\s+there\b|\bthere\s+(?:is|are|was|were|will|has|have|had)\b"
    r"|\b(?:is|was)\s+it\s+(?:true|possible|likely|known|clear|necessary|important|easy|hard|raining)\b"
    r"|\bit\s+(?:takes?|took|rains?|rained|snows?|snowed|costs?)\b"
    r"|\bdo(?:es)?\s+it\s+(?:take|cost|rain|snow|matter)\b|\bdid\s+it\s+(?:take|rain|snow)\b",
    re.IGNORECASE,
)


def _with_names_for_pronouns(before: Turn, asked: str) -> Understood | None:
    """Read 'When was it founded?' with the one name that the turn before leaves for 'it'."""
    empty = [range(*found.span()) for found in _EMPTY.finditer(asked)]
    found = [one for one in _PRONOUN.finditer(asked) if not any(one.start() in span for span in empty)]
    # A name in the question itself is the likelier antecedent.
    if not found or names_in(asked):
        return None
    names = {word: _antecedent(before, word) for word in {one["word"].lower() for one in found}}
    question, replaced = asked, []
    for one in reversed(found):
        name = names[one["word"].lower()]
        if name is None:
            return None
        question = question[: one.start()] + _in_place(one, asked, name) + question[one.end() :]
        replaced.append(Replaced(one["word"], name))
    return Understood(asked, question, tuple(reversed(replaced)))


def _antecedent(before: Turn, word: str) -> str | None:
    names = _few_names(before.question)
    if word in _PERSONS and re.match(r"\W*who(?:m|se)?\b", before.question, re.IGNORECASE):
        # Who was asked for is named in the answer, not in the question.
        names = [name for name in _few_names(_first_sentence(before.answer)) if name not in names]
    elif word in _THINGS:
        # 'It' is what the question was about, hardly where or when that was.
        names = [name for name in names if not _after_preposition(name, _PREPOSITIONS, before.question)]
    return names[0] if len(names) == 1 else None


MOST_NAMES = 20
"""Where there are more, no one of them is meant for certain, and each would be looked for."""


def _few_names(text: str) -> list[str]:
    names = names_in(text)
    return names if len(names) <= MOST_NAMES else []


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _after_preposition(name: str, prepositions: str, text: str) -> bool:
    pattern = rf"\b(?:{prepositions})\s+(?:the\s+)?{re.escape(name)}"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _first_sentence(answer: str | None) -> str:
    return (answer or "").partition(" [1]")[0]


def _in_place(found: re.Match[str], asked: str, name: str) -> str:
    word = found["word"].lower()
    if word == "there":
        return f"in {name}"
    owns = word in _POSSESSIVE or (word == "her" and re.match(r"\s+\w", asked[found.end() :]) is not None)
    if not owns:
        return name
    return f"{name}'" if name.endswith("s") else f"{name}'s"
