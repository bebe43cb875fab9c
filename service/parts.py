"""Parts: a question that asks for two things, or compares two, taken apart without a model.

'When was it founded and who leads it?' has two parts, each a question of its own; a comparison has two
sides, each with what is asked of it. By wording alone: where that is not plain, a question stays whole.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What one part asks, as a question of its own, and how it is named to people.

    ``side`` is the name of what a comparison compares; a sentence about it must name it.
    """

    question: str
    label: str
    side: str | None = None


MOST_PARTS = 3
LONGEST = 300
"""Characters of a question that is taken apart; a longer one is a text rather than a question."""


def parts_of(question: str) -> tuple[Part, ...]:
    """Return a question's parts, two or three, in order; none when it asks for one thing."""
    plain = " ".join(question.split())
    if len(plain) > LONGEST:
        return ()
    return _sides(plain) or _several(plain) or _coordinated(plain)


# Two questions ----------------------------------------------------------------------------------------

_AUXILIARY = r"(?:was|were|is|are|did|does|do|has|have|had|will|would|can|could|should|took|takes)"
_ASKING = (
    rf"(?:(?:when|where|why|how) {_AUXILIARY}|how (?:many|much|long|large|big|tall|high|far|old|often)|"
    rf"who(?! (?:are|were|is|was) \w+ed\b) [a-z]+|whose \w+|what {_AUXILIARY}|what [a-z]+|"
    r"which (?!is\b|are\b|was\b|were\b|has\b|have\b|had\b|can\b|will\b|would\b|may\b|it\b|they\b|in\b)[a-z]+|"
    r"(?:in|at|on|by|from|for|to) (?:what|which|whom))"
)
_JOINED = re.compile(rf"(?:\?|,? and|;|,) (?=(?:and )?({_ASKING})\b)", re.IGNORECASE)
_OPENS = re.compile(rf"^\W*(?:(?:please )?tell me,? |and )?{_ASKING}\b", re.IGNORECASE)
_INTERROGATIVE = re.compile(r"\b(?:who|what|which|when|where|why|how)\b", re.IGNORECASE)
SHORTEST = 3
"""Words of the shortest part."""


def _coordinated(question: str) -> tuple[Part, ...]:
    """Split where a conjunction is followed by another interrogative that opens a clause of its own."""
    if not _OPENS.match(question):
        return ()
    pieces, start = [], 0
    for joint in _JOINED.finditer(question):
        pieces.append(question[start : joint.start()])
        start = joint.end()
    pieces.append(question[start:])
    pieces = [re.sub(r"^and ", "", piece.strip(" ?,;."), flags=re.IGNORECASE) for piece in pieces]
    if not 2 <= len(pieces) <= MOST_PARTS or any(len(piece.split()) < SHORTEST for piece in pieces):
        return ()
    # A further interrogative inside a piece opens a clause that the conjunction may belong to.
    if any(len(_INTERROGATIVE.findall(piece)) > 1 for piece in pieces):
        return ()
    subject = _subject(pieces[0])
    asked = [pieces[0], *(_resolved(piece, subject) for piece in pieces[1:])]
    return tuple(
        Part(f"{_upper(text)}?", f"{_upper(label)}?") for text, label in zip(asked, pieces, strict=True)
    )


_SHORT = re.compile(
    r"^\W*((?:when|where|why|how)(?:, (?:when|where|why|how))*,? and (?:when|where|why|how)) "
    rf"({_AUXILIARY} .{{5,}})$",
    re.IGNORECASE,
)


_LATE = re.compile(
    rf"^\W*(when|where|why|how) ({_AUXILIARY} .{{5,}}?),? and (when|where|why|how)\W*$", re.IGNORECASE
)


def _several(question: str) -> tuple[Part, ...]:
    """'When and where was it held?' asks one thing twice."""
    if late := _LATE.match(question):
        first, rest, second = late.groups()
        asked = [f"{word.capitalize()} {rest.strip(' ,')}?" for word in (first, second)]
        return tuple(Part(text, text) for text in asked)
    found = _SHORT.match(question)
    if found is None:
        return ()
    words = re.findall(r"\w+", found.group(1))
    rest = found.group(2).strip(" ?.")
    asked = [f"{word.capitalize()} {rest}?" for word in words if word.casefold() != "and"]
    return tuple(Part(text, text) for text in asked[:MOST_PARTS])


_PRONOUN = re.compile(
    r"\b(?:(its|their|his|her(?= [a-z]))|it|they|them|he|she|him|her|there)\b", re.IGNORECASE
)
_PROPER = re.compile(r"(?<!^)\b(?:the )?[A-Z][\w’'.-]*(?: (?:(?:of|for|the|and|de) )*[A-Z0-9][\w’'.-]*)*")
_BEHIND_AUXILIARY = re.compile(
    rf"\b{_AUXILIARY} ((?:the|a|an|this|that) (?:[\w’'-]+ )*?[\w’'-]+?)"
    r"(?= (?:of|in|on|at|by|for|from|to|\w+ed|built|held|begun|made|set|opened|start|"
    r"begin|cost|take|open|launch|win|leave)\b|$)",
    re.IGNORECASE,
)


def _subject(piece: str) -> str | None:
    """Return what the pronouns of the next part stand for: the name in the first, or its subject."""
    found: list[str] = _PROPER.findall(piece)
    if len(found) == 1:
        return found[0].removesuffix("'s").removesuffix("’s")
    subject = _BEHIND_AUXILIARY.search(piece)
    return subject.group(1) if subject else (found[0] if found else None)


def _resolved(piece: str, subject: str | None) -> str:
    """Put the subject in the pronoun's place; where a part names nothing at all, behind it."""
    pronoun = _PRONOUN.search(piece)
    if subject is None:
        return piece
    if pronoun:
        name = f"{subject}'s" if pronoun.group(1) else subject
        return f"{piece[: pronoun.start()]}{name}{piece[pronoun.end() :]}"
    return piece if _PROPER.search(piece) or len(piece.split()) > SHORTEST + 1 else f"{piece} {subject}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# Two sides --------------------------------------------------------------------------------------------

_COMPARATIVE = (
    r"(older|younger|newer|larger|bigger|smaller|longer|shorter|taller|higher|deeper|wider|earlier|later|"
    r"cheaper|more expensive|first)"
)
_ASKED_OF = {
    **dict.fromkeys(
        ("older", "younger", "newer", "earlier", "later", "first"), "When was {} founded, opened or started?"
    ),
    **dict.fromkeys(("larger", "bigger", "smaller"), "How large is {}?"),
    **dict.fromkeys(("longer", "shorter"), "How long is {}?"),
    **dict.fromkeys(("taller", "higher"), "How high is {}?"),
    "deeper": "How deep is {}?",
    "wider": "How wide is {}?",
    **dict.fromkeys(("cheaper", "more expensive"), "How much did {} cost?"),
}
_SIDE = r"(?P<{}>.{{2,60}}?)"
_A, _B = _SIDE.format("a"), _SIDE.format("b")
_END = r"\W*$"
_COMPARISONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:is|was|are|were) {_A} (?P<how>{_COMPARATIVE[1:-1]}) than {_B}{_END}",
        rf"^\W*(?:does|do|did|has|have|had) {_A} (?:have |had )?(?:more|fewer|less) "
        rf"(?P<what>[\w -]+?) than {_B}{_END}",
        rf"^\W*(?:which|who|what)\b(?: of (?:the|these) two)?(?: \w+)? (?:has|have|had) (?:the )?"
        rf"(?:more|fewer|most|fewest) (?P<what>[\w -]+?)[,:;] {_A},? or {_B}{_END}",
        rf"^\W*(?:which|who|what)\b.*?\b(?P<how>{_COMPARATIVE[1:-1]})\b[^,:;]*[,:;] {_A},? or {_B}{_END}",
        rf"\b(?P<topic>differences?) between {_A} and {_B}{_END}",
        rf"^\W*(?P<topic>compare) {_A} (?:and|with|to) {_B}{_END}",
        rf"^\W*(?P<topic>how (?:does|do|did)) {_A} (?:compare (?:with|to)|differ from) {_B}{_END}",
        rf"^\W*(?P<topic>how do) {_A} and {_B} differ{_END}",
    )
)


_NO_SIDE = re.compile(r"(?:(?:all|any) )?(?:the )?(?:others?|rest|former|latter|usual)\b", re.IGNORECASE)
"""'The other targets' is what a side is compared with, and nothing that a sentence could name."""


def _sides(question: str) -> tuple[Part, ...]:
    """Return a comparison's two sides."""
    for comparison in _COMPARISONS:
        found = comparison.search(question)
        if found is None:
            continue
        groups = found.groupdict()
        sides = [groups["a"].strip(" ,"), groups["b"].strip(" ,")]
        if any(_NO_SIDE.match(side) for side in sides):
            return ()
        if groups.get("what"):
            asked = f"How many {groups['what']} does {{}} have?"
        else:
            asked = _ASKED_OF.get((groups.get("how") or "").casefold(), "What is {}?")
        return tuple(Part(asked.format(side), _upper(side), side) for side in sides)
    return ()
