"""What HTTP answers with beside answers and problems, described for OpenAPI; held against it by the tests.

Offsets are Unicode code points, 0-based, end-exclusive, over an article's canonical text.
"""

from pydantic import BaseModel, ConfigDict, Field

from service.alignment import Differing
from service.verdicts import Status as Verified
from service.verdicts import TrueSpan


class Shown(BaseModel):
    """What all of them share."""

    model_config = ConfigDict(extra="forbid")


class State(Shown):
    """The state of the index that an answer comes from."""

    commit: int
    generation: int


class Described(Shown):
    """What is known of an article; unknown is null."""

    article_id: str
    revision: int
    taken_in: str = Field(description="When this revision was taken in, UTC")
    title: str | None
    publisher: str | None
    author: str | None
    url: str | None
    published: str | None = Field(description="A year, a month or a day")
    language: str | None
    facets: dict[str, list[str]]


class ArticleList(Shown):
    """A page of articles; ``next`` goes on as ``after``. ``message`` names what is no facet in the filter."""

    articles: list[Described]
    next: str | None
    index: State
    message: str | None


class RevisionShown(Shown):
    """One state of an article's text."""

    revision: int
    sha256: str
    taken_in: str
    current: bool


class DifferenceShown(Shown):
    """Words in which two texts differ."""

    here: str
    there: str


class VariantShown(Shown):
    """Another current article that is nearly the same but differs in a figure, a date or a name."""

    article_id: str
    revision: int
    title: str | None
    published: str | None
    differences: list[DifferenceShown]


class ArticleShown(Described):
    """An article's canonical text, or the span ``[start, end)`` of it."""

    sha256: str
    withdrawn: bool
    superseded_by: int | None
    media_type: str
    raw_sha256: str
    revisions: list[RevisionShown]
    variants: list[VariantShown]
    length: int
    start: int
    end: int
    text: str


class PutResult(Shown):
    """What became of an article that was put."""

    article_id: str
    revision: int
    sha256: str
    outcome: str = Field(description="added, changed or unchanged")
    index: State


class FailureShown(Shown):
    """What could not be taken in, and the mend."""

    where: str
    problem: str
    mend: str


class Uploaded(Shown):
    """What became of the articles of a file, by id."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    failures: list[FailureShown]
    index: State


class Facets(Shown):
    """The current articles counted by facet name and value."""

    facets: dict[str, dict[str, int]]
    articles: int


class ChangeShown(Shown):
    """What a commit did to an article; revisions before and after."""

    article_id: str
    outcome: str
    before: int | None
    after: int | None


class CommitShown(Shown):
    """One atomic change of the index."""

    model_config = ConfigDict(extra="allow")
    commit: int
    at: str


class Commits(Shown):
    """A page of commits, the newest first; ``next`` goes on as ``before``."""

    commits: list[CommitShown]
    next: int | None


class Status(Shown):
    """What is served, at a glance."""

    version: str
    commit: int
    updated: str | None
    articles: int
    withdrawn: int
    passages: int
    sentences: int
    generation: int | None
    model: str | None
    model_digest: str | None
    recipe: str | None
    ranker: str
    size_bytes: int
    projections: dict[str, str]


class FeedbackNoted(Shown):
    """The number under which feedback was kept."""

    number: int


class FeedbackShown(Shown):
    """What somebody said of an answer."""

    number: int
    at: str
    question: str
    verdict: str
    comment: str | None
    article_id: str | None
    quote: str | None
    state: dict[str, int | str | None] | None
    key: str | None


class FeedbackList(Shown):
    """A page of feedback in the order in which it came; ``next`` goes on as ``after``."""

    feedback: list[FeedbackShown]
    next: int | None


class Health(Shown):
    """The process runs."""

    status: str


class Ready(Shown):
    """Questions can be answered, and from which state of the index."""

    status: str
    commit: int
    generation: int
    model: str
    superseded: bool
    active_generation: int
    active_model: str
    damaged: list[str]


class DifferenceQuoted(Shown):
    """Words that a quotation has, and those that its source has in their place."""

    quote: str
    source: str


class VerdictShown(Shown):
    """The class of one quotation, and the place where it, or what is nearest to it, really stands."""

    status: Verified
    verified: bool
    message: str
    problem: str | None
    article_id: str | None
    revision: int | None
    found: TrueSpan | None
    withdrawn: bool | None
    superseded_by: int | None
    similarity: float | None
    differing: Differing | None
    differences: list[DifferenceQuoted]
    fragments: list[TrueSpan]


class Verification(Shown):
    """All verdicts, in the order of the quotations."""

    results: list[VerdictShown]
    verified: bool
    unquoted: str | None
