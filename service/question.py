"""What a question looks like before anything is searched: its terms, vector and kind of answer.

Knows nothing of passages. The kinds are cues from the question's wording, used as features among others;
none of them decides an answer alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from indexer import Encoder, Vectors, is_dense, question_terms

Kind = Literal["who", "when", "where", "number", "list", "why", "how", "definition", "other"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))  # type: ignore[misc]
    for kind, pattern in (
        ("number", r"\bhow (many|much|long|large|big|tall|high|far|old|often|wide|deep|fast)\b|"
                   r"\b(what|which) (number|percentage|percent|share|proportion|amount|population|cost|"
                   r"length|height|size|area)\b|얼마|몇 "),
        ("when", r"\bwhen\b|\b(what|which|in what|in which) (year|date|day|month|decade|century|time)\b|"
                 r"언제|날짜|연도|[날해]은\?$"),
        ("where", r"\bwhere\b|\b(what|which|in what|in which) (city|country|place|state|region|continent|"
                  r"town|venue|location|county|province|building|street)\b|어디"),
        ("who", r"\bwho(m|se)?\b|\b(what|which) (person|people|mayor|leader|president|king|author|scientist|"
                r"architect|artist|company|designer|engineer|organi[sz]ation|group|team)s?\b|누구|인물"),
        ("list", r"^\W*(list|name|enumerate)\b|\b(what|which) (are|were) (the|all|some|its|their)\b|"
                 r"^\W*(?:\w+ )?(?:what|which) (?:(?!of|in|the|is|are|was|were)[a-z]+ ){0,2}?"
                 r"[a-z]{2,}[a-rt-z]s (?:do|are|were|did|have|had|can|must|should)\b|"
                 r"\b(what|which|name the) (\w+ ){0,2}(cities|countries|topics|objectives|goals|targets|"
                 r"members|organi[sz]ations|hazards|priorities|steps|stages|reasons|examples|practices|"
                 r"themes|winners|mayors|networks|principles|pillars|essentials|measures|kinds|types)\b"),
        ("why", r"\bwhy\b|\bwhat (was|is|were) the (reason|cause|purpose)\b|왜|이유"),
        ("how", r"\bhow\b|어떻게"),
        ("definition", r"^\W*what (is|are|was|were) (an? |the )?(?:\S+ ){0,4}\S+(?: \?*)?$|무엇"),
    )
)  # fmt: skip


_SAYS_NOTHING = re.compile(
    r"\b(?:t(?:ake|akes|ook|aken|aking) place|gets?|got|gotten|getting)\b", re.IGNORECASE
)
"""What any event does, and a verb that stands for any other."""

_KIND_WORDS = re.compile(
    r"\bhow (?:many|much)\b|(?<=\bwhat )(?:year|month|day|date)\b|(?<=\bwhich )(?:year|month|day|date)\b",
    re.IGNORECASE,
)
"""Words that say what kind of answer is wanted: '1931' answers 'in which year' and does not repeat it."""

_NOW = re.compile(
    r"\b(?:currently|nowadays|presently|(?:right )?now|at present|at the moment|these days|"
    r"as of (?:today|now))\b|(?<=\bthe )current(?= [a-z])|현재",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked; ``dense_share`` is the share of Hangul, Han or Kana terms.

    ``encoded`` waits for the vector: the model works on it while the terms are looked up.
    """

    text: str
    terms: tuple[str, ...]
    kind: Kind
    dense_share: float
    encoded: Callable[[], Vectors]

    @property
    def vector(self) -> Vectors:
        """float32 of shape (dimension,)."""
        return self.encoded()


def understand(text: str, encoder: Encoder) -> Question:
    """Read a question once for everything that follows.

    Words such as 'currently' say of when an answer is wanted and not what about, so they are not looked for;
    nor is 'take place', which any event does, nor the 'many' of 'how many'.
    """
    sought = _SAYS_NOTHING.sub(" ", _NOW.sub(" ", text))
    found = tuple(question_terms(_KIND_WORDS.sub(" ", sought)))
    if not found:
        sought, found = text, tuple(question_terms(text))
    encoded = encoder.begin(sought.strip())
    share = sum(map(is_dense, found)) / max(1, len(found))
    return Question(text, found, kind_of(text), share, encoded)


_INTERROGATIVE = re.compile(
    r"\b(?:what|which|who(?:m|se)?|when|where|why|how)\b|^\W*(?:list|name|enumerate)\b", re.IGNORECASE
)


@lru_cache(64)
def kind_of(text: str) -> Kind:
    """Return the kind of answer that the wording asks for.

    The first interrogative asks, what follows describes: 'Who warns when it is hot?', 'What is done when it
    is hot?'. A definition is what is asked for when nothing else is.
    """
    asking = _INTERROGATIVE.search(text)
    for kind, pattern in _KINDS:
        if any(
            asking is None or match.start() <= asking.start() < match.end()
            for match in pattern.finditer(text)
        ):
            return kind
    return "other"
