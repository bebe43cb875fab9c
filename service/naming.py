"""Naming: which names in a sentence are the ones asked for, by the words that they stand with.

'Who opened it' is answered by the name before 'opened' or behind 'opened by', 'who is the mayor' by the
name that 'mayor' stands beside. Knows the sentence's surface only; where that is not enough it finds nothing.
"""

import re
from collections.abc import Sequence

from indexer import Span, terms_of
from service.expressions import proper_names
from service.question import kind_of

_BREAK = re.compile(
    r"[,;:()—]| – |\b(?:and|but|while|whereas|although|though|which|who|when|where|after|before|until)\b"
)


def clause_of(quote: str, span: Span, whole: Sequence[Span] = ()) -> Span:
    """Return the clause that an expression stands in; breaks inside the ``whole`` expressions are none."""
    breaks = [found.start() for found in _BREAK.finditer(quote)]
    cuts = [cut for cut in breaks if not any(one.start <= cut < one.end for one in whole)]
    left = max((cut for cut in cuts if cut <= span.start), default=0)
    return Span(left, min((cut for cut in cuts if cut >= span.end), default=len(quote)))


def agents(question: str, quote: str) -> list[Span]:
    """Return who did what 'who' asks for, or who has the role; else the only full name in the quote."""
    names = proper_names(quote)
    found = _by_verb(question, quote, names) or _by_role(question, quote, names)
    return found or (_only_person(quote, names) if shares(question, quote) else [])


def shares(question: str, quote: str) -> bool:
    """Tell whether a quote holds half of the question's terms, and speaks of the same thing by that."""
    asked = set(terms_of(question))
    return 2 * len(asked & set(terms_of(quote))) >= max(2, len(asked))


_ADVERB = r"(?:(?:first|also|later|then|eventually|originally|had|has|was|were|is|have|\w+ly) )*"
_WHO = re.compile(rf"\bwhom? {_ADVERB}([a-z]{{3,}})", re.IGNORECASE)
_DONE_BY = re.compile(r"([A-Za-z-]+)(?: \w+ly)? by (?:the )?(?:[a-z]+ ){0,2}$")
_DOES = re.compile(rf"(?:,[^,]{{3,60}},)? {_ADVERB}([a-z]{{3,}})")


def _by_verb(question: str, quote: str, names: list[Span]) -> list[Span]:
    asked = _WHO.search(question)
    stem = set(terms_of(asked.group(1))) if asked else set()
    return [
        name
        for name in names
        if any(
            found is not None and stem & set(terms_of(found.group(1)))
            for found in (_DONE_BY.search(_just_before(quote, name.start)), _DOES.match(quote[name.end :]))
        )
    ]


_AGENTS_WORDS = 200
"""Characters that hold 'opened first by the old …': what stands before a name is not read from the start."""


def _just_before(quote: str, place: int) -> str:
    return quote[max(0, place - _AGENTS_WORDS) : place]


_ROLE = re.compile(
    r"\bwho (?:is|was|are|were|became|served as|named) (?:(?:the|a|an) )?"
    r"(.{3,60}?)(?: (?:in|at|when|during|of|from|that|who)\b.*)?\W*$",
    re.IGNORECASE,
)
_ROLE_BEFORE = re.compile(r"([^,;:()]{3,70}?)(?:,| is| was)? $")
_ROLE_BEHIND = re.compile(r"(?:,| is| was| became| as) (?:the |a |an )?([^,;:()]{3,70})")
_OF = re.compile(r"\b(?:of|in|at|for|to|from|by|with)$")
_NEAR = 80


def _by_role(question: str, quote: str, names: list[Span]) -> list[Span]:
    asked = _ROLE.search(question)
    # Words and not stems: an authority is no author.
    role = set(_words(asked.group(1))) if asked else set()
    if not role:
        return []
    found = []
    for name in names:
        before = _ROLE_BEFORE.search(quote[max(0, name.start - _NEAR) : name.start])
        behind = _ROLE_BEHIND.match(quote[name.end : name.end + _NEAR])
        if before is not None and _OF.search(before.group(1)):
            before = None
        if any(one is not None and role <= set(_words(one.group(1))) for one in (before, behind)):
            found.append(name)
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _only_person(quote: str, names: list[Span]) -> list[Span]:
    """Return the only name of a quote when it has several words and no place's preposition before it."""
    if len(names) != 1 or " " not in quote[names[0].start : names[0].end]:
        return []
    return [] if _LOCATIVE.search(quote[: names[0].start]) else names


_LOCATIVE = re.compile(r"\b(?:in|at|near|to|from) (?:the )?(?:(?:city|town|village) of )?$")
_ANOTHER = re.compile(r"(?:, | and |, and )(?:the )?[A-Z]")
SHARED = 2
"""Terms of the question that a place's clause must hold: 'in Oslo' may say where something else was."""


def places(question: str, quote: str) -> list[Span]:
    """Return names behind a preposition of place whose clause speaks of what is asked; of several, none."""
    asked = set(terms_of(question))
    found = []
    for name in proper_names(quote):
        if _LOCATIVE.search(quote[: name.start]):
            clause = clause_of(quote, name)
            if len(asked & set(terms_of(quote[clause.start : clause.end]))) >= SHARED:
                found.append(name)
    return [] if any(_ANOTHER.match(quote[name.end :]) for name in found) else found


_CALLED = re.compile(
    r"\b(?:called|known as|termed|named|dubbed) (?:the |an? )?[\"“‘]?([\w’'-]+(?: [\w’'-]+){0,3}?)"
    r"(?=[\"”’]?(?:[,.;()]|$| (?:is|are|was|were|which|that|who|in|on|and|for|to|by|from|as|at|or|with)\b))"
)


def called(question: str, quote: str) -> list[Span]:
    """Return what follows 'called' or 'known as'."""
    spans = [Span(*found.span(1)) for found in _CALLED.finditer(quote)]
    return [one for one in spans if not quote[one.start : one.end].startswith(("to ", "for "))]


_NAMED = r"(?:[A-Z][\w’'-]*+(?: (?:of |the |and )?[A-Z][\w’'-]*+){0,20})(?: \([^)]{1,20}\))?"
_NAMES = re.compile(rf"{_NAMED}(?:, (?:the )?{_NAMED})+,? and (?:the )?{_NAMED}")
# Each word is parted from the next by a space, so that there is one way only to read a phrase.
_PHRASE = r"[\w’'-]+(?: [\w’'-]+){0,3}"
_THINGS = re.compile(
    r"(?:\b(?:including|such as|namely|are|were|include|comprise)|:) "
    rf"({_PHRASE}(?:, {_PHRASE})*,? and {_PHRASE})(?=[.,;)])"
)
_GOES_ON_BEFORE, _GOES_ON = re.compile(r"(?:[A-Z][\w’'.-]*|[)\d]),? $"), re.compile(r",? (?:and )?[A-Z]")
_ONE_OF_THEM = re.compile(r"\b(?:name|give|which|what is) one\b", re.IGNORECASE)
_OPENERS = re.compile(r"\b(?:including|such as|namely)\b")
_PARTICIPLES = re.compile(r"\w+ed(?: and|,) ")


def series(question: str, quote: str) -> list[Span]:
    """Return the enumeration that answers a question for several things; one of names before others."""
    if kind_of(question) != "list" or _ONE_OF_THEM.search(question):
        return []
    names = [Span(*found.span()) for found in _NAMES.finditer(quote)]
    things = [Span(*found.span(1)) for found in _THINGS.finditer(quote)]
    if len(_OPENERS.findall(quote)) > 1:
        return []
    if any(
        _GOES_ON_BEFORE.search(_just_before(quote, start)) or _GOES_ON.match(quote[end:])
        for start, end in names
    ):
        return []
    return names or [one for one in things if not _PARTICIPLES.match(quote[one.start :])]


def enumerates(text: str) -> bool:
    """Tell whether a sentence names three things or more in a row."""
    return _NAMES.search(text) is not None
