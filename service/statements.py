"""Statements: sentences with what they stand in, and whether two of them speak of the same thing.

A statement is about the same thing as another when, values apart, both say nearly the same words, neither
names what the other's article never names, and neither limits what it says (a year, 'planned', 'per day')
in another way. Knows nothing of scores.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from indexer import ArticleState, Span, day_range, terms_of
from service.cues import names
from service.values import Date, Figure, blanked, dates, figures, years

LIMITS = re.compile(
    r"\b(?:not|no|never|without|except|n't|before|after|until|between|per|each|every|daily|weekly|monthly|annual|"
    r"annually|yearly|plan|plans|planned|planning|target|targets|aims?|expect|expects|expected|proposed|should|"
    r"would|could|might|may|if|former|formerly|original|originally|initially|first|second|third|fourth|fifth|next|"
    r"last|another|other|others|new|additional|further|extra|more|less|fewer|minimum|maximum|average|median|"
    r"total|male|female|men|women|boys|girls|children|adults|north|south|east|west|northern|southern|eastern|"
    r"western|begins?|began|ends?|ended|ending|starts?|started|increase[ds]?|rises?|rose|risen|grew|grown|falls?|fell|"
    r"fallen|dropped|cut|reduced|only|half|later|earlier|previous|previously|least|most|today|now|currently|"
    r"estimated?|reported|rebuilt|reopened|renamed|re-?established)\b",
    re.IGNORECASE,
)
"""Words that limit what is said; two sentences that differ in them do not say the same of one thing."""

_TIMELY = frozenset({"today", "now", "currently"})
_CAPITALISED_RUN = re.compile(r"^\W*((?:[A-Z][\w’'-]*\s+)+[A-Z][\w’'-]*|[A-Z]{2,}\w*)")


@dataclass(frozen=True)  # no slots: what is worked out once is kept beside the fields
class Statement:
    """A candidate sentence: its row in the pool, its text, the passage and the article that it stands in."""

    row: int
    text: str
    passage: str
    span: Span
    article: ArticleState

    @cached_property
    def figures(self) -> list[Figure]:
        """The amounts that it names."""
        return figures(self.text)

    @cached_property
    def dates(self) -> list[Date]:
        """The dates that it names."""
        return dates(self.text)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years that it names."""
        return years(self.text)

    @cached_property
    def limits(self) -> frozenset[str]:
        """The words that limit what it says."""
        return frozenset(word.casefold() for word in LIMITS.findall(blanked(self.text, self.dates))) - _TIMELY

    @cached_property
    def names(self) -> frozenset[str]:
        """The terms of its names."""
        text = blanked(self.text, self.dates)  # months are no names
        opening = _CAPITALISED_RUN.match(text)
        return frozenset(terms_of(" ".join([*names(text), *([opening.group(1)] if opening else [])])))

    @cached_property
    def terms(self) -> frozenset[str]:
        """All of its terms."""
        return frozenset(terms_of(self.text))

    @cached_property
    def around(self) -> frozenset[str]:
        """The terms of its article's title and of its passage."""
        return frozenset(terms_of(f"{self.article.metadata.title or ''}\n{self.passage}"))

    @property
    def published(self) -> str | None:
        """The last day that its article may have been published on, None when that is unknown."""
        return day_range(self.article.metadata.published)[1]

    def without(self, values: Sequence[Figure | Date]) -> frozenset[str]:
        """Return its terms without some of its values."""
        return frozenset(terms_of(blanked(self.text, values)))


def overlap(one: frozenset[str], another: frozenset[str]) -> float:
    """Return the share of their terms that two sets have in common (Dice 1945), 0 when both are empty."""
    return 2 * len(one & another) / (len(one) + len(another)) if one or another else 0.0


def one_subject(asked: frozenset[str], one: Statement, another: Statement) -> bool:
    """Tell whether two statements are certainly about the same subject, as far as names can say.

    ``asked`` are the terms of the question's names.
    """
    if not (asked <= one.around and asked <= another.around):
        return False
    alone, other = one.names - another.terms, another.names - one.terms
    if (alone and other) or not (alone <= another.around and other <= one.around):
        return False
    titles = _title(one), _title(another)
    # Without a name in common, the names in the titles say whose 'network' or 'it' that is.
    return bool(one.names & another.names or asked or (titles[0] and titles[0] == titles[1]))


def one_time(one: Statement, another: Statement) -> bool:
    """Tell whether two statements speak of the same years, or one of the year the other was published in."""
    if one.years == another.years:
        return True
    if one.years and another.years:
        return False
    dated, undated = (one, another) if one.years else (another, one)
    published = undated.article.metadata.published
    return published is not None and frozenset({int(published[:4])}) == dated.years


def is_newer(one: Statement, another: Statement) -> bool:
    """Tell whether one statement's article was certainly published after another's."""
    first, last = day_range(one.article.metadata.published)[0], another.published
    return first is not None and last is not None and first > last


def _title(statement: Statement) -> frozenset[str]:
    return frozenset(terms_of(statement.article.metadata.title or ""))
