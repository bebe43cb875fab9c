"""Verdicts: what is claimed of a quotation, and what was found to be true of it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from indexer import ArticleState
from service.alignment import Differing
from service.quoting import SURROUNDING

Status = Literal["verified", "misplaced", "outdated", "misattributed", "stitched", "altered", "not_found"]

STATUSES: dict[Status, str] = {
    "verified": "It stands there, character for character.",
    "misplaced": "The named article holds these characters, but not where or as the citation says.",
    "outdated": "An earlier revision holds these characters; the current articles do not.",
    "misattributed": "Another article holds these characters, not the named one.",
    "stitched": "Its parts stand in the articles, but never stood together.",
    "altered": "It is like a passage of the articles, but not the same to the character.",
    "not_found": "Nothing in the articles is like it.",
}
"""A sentence for people beside each class, the first that applies."""


@dataclass(frozen=True, slots=True)
class AlsoStated:
    """Another place where the same characters are said to stand."""

    article_id: str
    revision: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A quotation and what is said of its source, which may be nothing; offsets as in a citation."""

    quote: str
    article_id: str | None = None
    revision: int | None = None
    sha256: str | None = None
    start: int | None = None
    end: int | None = None
    prefix: str = ""
    suffix: str = ""
    url: str | None = None
    title: str | None = None
    also_in: tuple[AlsoStated, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """What really stands in a revision: ``text[start:end] == quote``, in code points, end-exclusive."""

    article_id: str
    revision: int
    sha256: str
    title: str | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class of a quotation, and the evidence for it.

    ``verified`` is true when the characters stand where the claim says, be that revision current or not;
    ``found`` is that place or the nearest true one. An altered quote has ``differences``, pairs of what it
    says and what the source says, and what would have to be overlooked (``differing``). A stitched one has
    its ``fragments``. ``withdrawn`` and ``superseded_by`` tell what became of the article of ``found``.
    """

    status: Status
    verified: bool
    problem: str | None
    article_id: str | None
    revision: int | None
    found: TrueSpan | None = None
    withdrawn: bool | None = None
    superseded_by: int | None = None
    similarity: float | None = None
    differing: Differing | None = None
    differences: tuple[tuple[str, str], ...] = ()
    fragments: tuple[TrueSpan, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; differences are objects with ``quote`` and ``source``."""
        pairs = [{"quote": quote, "source": source} for quote, source in self.differences]
        return {**asdict(self), "differences": pairs, "message": STATUSES[self.status]}


def verdict_at(
    status: Status, claim: Claim, article: ArticleState, start: int, problem: str | None
) -> Verdict:
    """Return the verdict on a quote whose characters stand at ``start`` of an article."""
    return Verdict(
        status=status,
        verified=status == "verified" or (status == "outdated" and claim.revision == article.revision),
        problem=problem,
        article_id=claim.article_id or article.id,
        revision=claim.revision if claim.revision is not None else article.revision,
        found=true_span(article, start, start + len(claim.quote)),
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
    )


def true_span(article: ArticleState, start: int, end: int) -> TrueSpan:
    """Return what stands at ``[start, end)`` of an article, with what surrounds it."""
    text = article.text
    return TrueSpan(
        article_id=article.id,
        revision=article.revision,
        sha256=article.sha256,
        title=article.metadata.title,
        start=start,
        end=end,
        quote=text[start:end],
        prefix=text[max(0, start - SURROUNDING) : start],
        suffix=text[end : end + SURROUNDING],
    )
