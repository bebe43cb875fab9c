"""What comes back from a question: plain immutable values and their JSON, whose names are a promise.

Offsets are Unicode code points, 0-based, end-exclusive, over the canonical text whose SHA-256 a citation
carries. ``prefix``, ``quote`` and ``suffix`` are the prefix, exact and suffix of the W3C Web Annotation
Data Model's TextQuoteSelector. Citations and passages say how the index stands now, whichever moment was
asked for: ``withdrawn`` when the article is in no current answer, ``superseded_by`` when its text has a newer
revision, with that revision's number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from service.dictionaries import dictionary
from service.displayed import Displayed
from service.explained import Explanation

T = TypeVar("T")

Reason = Literal[
    "no_evidence",
    "low_confidence",
    "out_of_scope",
    "stale",
    "unclear_question",
    "filtered_out",
    "before_first_article",
]

REASONS: dict[Reason, str] = {
    "no_evidence": "No passage in the collection shares anything with this question.",
    "low_confidence": "The nearest passages do not answer this question with enough confidence.",
    "out_of_scope": "The collection does not speak of what this question asks about.",
    "stale": "What the collection knows of this is older than what the question asks for.",
    "unclear_question": "The question names nothing that could be looked for.",
    "filtered_out": "Only articles that the filter leaves out would answer this question.",
    "before_first_article": "Nothing had been taken in by then.",
}
"""A sentence for people beside each reason."""


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another article that holds the same quote at ``[start, end)``, character for character."""

    article_id: str
    revision: int
    title: str | None
    publisher: str | None
    url: str | None
    published: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A verified quotation: ``text[start:end] == quote`` in that revision of the article.

    Of copies the earliest is cited; ``also_in`` lists the others.
    """

    id: int
    article_id: str
    revision: int
    sha256: str
    title: str | None
    publisher: str | None
    url: str | None
    published: str | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    link: str | None
    score: float
    page: int | None = None
    also_in: tuple[AlsoIn, ...] = ()
    withdrawn: bool = False
    superseded_by: int | None = None


ConflictKind = Literal["number", "date", "name"]
Settled = Literal["correction", "later"]


@dataclass(frozen=True, slots=True)
class ConflictValue:
    """What an article says: the value as written, and the citation of the sentence that holds it.

    ``published`` is the article's date. ``also_in`` are other articles that give the same value for the same
    thing. The citation is verified like every other; its id goes on after those of the answer.
    """

    value: str
    published: str | None
    citation: Citation
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that differ about one thing: the answer's value first, then the others, the newest first.

    ``about`` is the answer's sentence with ``…`` in the value's place. ``settled`` says why the answer's
    value is preferred: ``correction``, a later article that is nearly the same text but for what it
    corrects; ``later``, the newest source for a question that asks for the present; None when nothing says
    which is right.
    """

    about: str
    kind: ConflictKind
    settled: Settled | None
    values: tuple[ConflictValue, ...]


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer, verbatim, with the ids of its citations.

    ``context`` is the sentence that it leans on (a pronoun's antecedent), verbatim too. ``focus`` is where
    the words that answer stand in the quote, ``text[start:end]``, None where that is not certain.
    """

    text: str
    citations: tuple[int, ...]
    context: str | None = None
    focus: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """One part of a question that asks for several things, or one side of a comparison.

    ``citations`` are the ids of what answers it, none when nothing does.
    """

    text: str
    answered: bool
    confidence: float
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hit(Displayed):
    """A passage that was found: ``text`` is ``[start, end)`` of the article's canonical text.

    ``also_in`` are the ids of the articles that repeat it.
    """

    article_id: str
    revision: int
    title: str | None
    start: int
    end: int
    text: str
    score: float
    also_in: tuple[str, ...] = ()
    withdrawn: bool = False
    superseded_by: int | None = None


@dataclass(frozen=True, slots=True)
class IndexState:
    """Which index, model and ranker an answer came from; ``as_of`` is the instant it was asked for by."""

    commit: int
    generation: int
    model: str
    recipe: str
    ranker: str
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Answer(Displayed):
    """An answer, or an abstention with a reason; either shows the nearest passages.

    ``answered_as_of`` is a date as precisely as it is known: of when the first sentence speaks, where the
    question asks for the present or a newer source was preferred, and what that date was taken from. An
    abstention has ``advice``, what to try instead, and the question's words that the collection never
    holds. ``explanation`` is there when it was asked for. In ``timing_ms`` ``retrieve`` includes waiting for
    the question's vector, which is made while its terms are looked up; ``encode`` is what comes before,
    waiting for a turn included.
    """

    question: str
    answer: str | None
    abstained: bool
    reason: Reason | None
    message: str | None
    confidence: float
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    index: IndexState
    timing_ms: dict[str, float]
    conflicts: tuple[Conflict, ...] = ()
    answered_as_of: str | None = None
    answered_as_of_by: Literal["text", "published", "taken_in"] | None = None
    advice: str | None = None
    unknown_words: tuple[str, ...] = ()
    explanation: Explanation | None = None
    parts: tuple[AnswerPart, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the promised JSON object; an explanation is in it when it was asked for."""
        return _without_none(dictionary(self), "explanation")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Answer":
        """The inverse of :meth:`to_dict`; fields that this version does not know are passed over."""
        return _restored(cls, values)


@dataclass(frozen=True, slots=True)
class SearchResult(Displayed):
    """The passages nearest to a question, best first; ``message`` says what is no facet in a filter."""

    question: str
    hits: tuple[Hit, ...]
    index: IndexState
    timing_ms: dict[str, float]
    message: str | None = None
    explanation: Explanation | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the promised JSON object; an explanation is in it when it was asked for."""
        return _without_none(dictionary(self), "explanation")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "SearchResult":
        """The inverse of :meth:`to_dict`; fields that this version does not know are passed over."""
        return _restored(cls, values)


def _without_none(written: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in written.items() if key != name or value is not None}


def _restored(kind: type[T], values: Mapping[str, Any]) -> T:
    """Raise InputError, naming the field, when something is missing or of another type."""
    # Only now: whoever asks a folder need not wait for pydantic.
    from pydantic import TypeAdapter, ValidationError

    from indexer import InputError

    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(where, str(first["msg"]), "is it an answer of civicite's?") from error
