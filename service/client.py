"""The Python client of a civicite server: the methods and values of a folder's assistant, over HTTP.

Knows addresses, problem documents and when to try again. Knows nothing of indexes and models, and loads
none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote as percent_encoded

import httpx
from httpx_sse import EventSource, SSEError
from pydantic import TypeAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from indexer import (
    NO_FILTERS,
    ArticleNotFound,
    Commit,
    Filters,
    InputError,
    Moment,
    Order,
    Wanted,
    shown,
)
from service.answer import Answer, AnswerSentence, Citation, Hit, SearchResult
from service.client_errors import ServerBusy, ServiceError, error_from
from service.client_requests import check_sendable, in_requests, known, question_body, sendable_key
from service.collection import (
    PAGE,
    ArticleSummary,
    ArticleText,
    CollectionStatus,
    PassagesFound,
    SentenceTold,
    Told,
    claim_of,
)
from service.verdicts import Claim, Verdict

ATTEMPTS = 4
LONGEST_WAIT = 10.0
"""Seconds to wait before another attempt, however long the server would have it."""


class Client:
    """Asks a server at ``url``, with a key where it wants one; safe to use from many threads.

    Every method raises what the same method of a folder's assistant raises, and ServiceError where the
    server cannot be reached or refuses. A server that is busy is asked again, up to four times, after the
    time that it says; nothing that is asked changes anything there. ``timeout`` is in seconds, for each
    attempt.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout: float = 60.0) -> None:
        headers = {"Authorization": f"Bearer {sendable_key(key)}"} if key is not None else {}
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)
        except (httpx.InvalidURL, ValueError) as error:
            raise InputError(f"{url!r}", f"it is no address ({error})", "write http://host:8000") from error
        if self._http.base_url.scheme not in ("http", "https"):
            raise InputError(f"{url!r}", "it is no address", "write it as http://host:8000")

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
    ) -> Answer:
        """Answer a question with verified quotations, or abstain and say why."""
        body = question_body(question, top_k, filters, as_of, min_confidence=min_confidence)
        return Answer.from_dict(self._read("POST", "/v1/ask", json=body))

    def stream(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
    ) -> Iterator[Told]:
        """Yield the passages as soon as they are found, then each sentence, then the answer."""
        body = question_body(question, top_k, filters, as_of, min_confidence=min_confidence)
        with self._opened(body) as source:
            for one in source.iter_sse():
                if one.event == "error":
                    raise error_from(one.json())
                if one.event in _TOLD:
                    yield _TOLD[one.event](one.json())

    def search(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        as_of: Moment | None = None,
    ) -> SearchResult:
        """Return the passages nearest to a question."""
        body = question_body(question, top_k, filters, as_of)
        return SearchResult.from_dict(self._read("POST", "/v1/search", json=body))

    def article(
        self, article_id: str, revision: int | None = None, *, start: int = 0, end: int | None = None
    ) -> ArticleText:
        """Read an article or a span of it; without ``revision`` a withdrawn one is not found."""
        query = known({"revision": revision, "start": start, "end": end})
        try:
            path = f"/v1/articles/{_in_address(article_id)}"
            return _ARTICLE.validate_python(self._read("GET", path, params=query))
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            where, problem = (
                f"article {shown(article_id)}",
                "there can be none by an id that no address holds",
            )
            raise ArticleNotFound(where, problem, "list the articles for their ids") from error

    def articles(self, filters: Filters = NO_FILTERS, order: Order = "id") -> Iterator[ArticleSummary]:
        """Yield the current articles that pass a filter."""
        check_sendable(filters)
        query: dict[str, Any] = {
            "limit": PAGE,
            "sort": Wanted(order=order).order,  # which must be one that there is, as in a folder
            "filter": [f"{name}={value}" for name, values in filters.facets for value in values],
            "published_from": filters.published_from,
            "published_to": filters.published_to,
        }
        while True:
            try:
                page = self._read("GET", "/v1/articles", params=known(query))
            except httpx.InvalidURL as error:
                problem, mend = "they are too long for an address", "use fewer or shorter values"
                raise InputError("filters", problem, mend) from error
            yield from _SUMMARIES.validate_python(page["articles"])
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def facets(self) -> dict[str, dict[str, int]]:
        """Count the current articles by facet name and value."""
        return _FACETS.validate_python(self._read("GET", "/v1/facets")["facets"])

    def log(self, limit: int = 20, before: int | None = None) -> list[Commit]:
        """List commits, the newest of those before ``before`` first."""
        found: list[Commit] = []
        while len(found) < limit:
            query = {"limit": min(PAGE, limit - len(found)), "before": before}
            page = self._read("GET", "/v1/commits", params=known(query))
            found += _COMMITS.validate_python(page["commits"])
            before = page["next"]
            if before is None:
                break
        return found

    def verify(self, quotes: Iterable[Claim | Citation]) -> list[Verdict]:
        """Class each quotation, and show the nearest true span where it is not verified."""
        claims = [known(asdict(claim_of(quote))) for quote in quotes]
        results = [
            result
            for some in in_requests(claims)
            for result in self._read("POST", "/v1/verify", json={"citations": some})["results"]
        ]
        for result in results:
            result["differences"] = [(pair["quote"], pair["source"]) for pair in result["differences"]]
        return _VERDICTS.validate_python(results)

    def status(self) -> CollectionStatus:
        """Say what is asked."""
        return _STATUS.validate_python(self._read("GET", "/v1/status"))

    def _read(self, method: str, path: str, **parts: Any) -> Any:
        for attempt in _attempts():
            with attempt, _reached(self._http):
                response = self._http.request(method, path, **parts)
                _check(response)
                return _json(response)
        raise AssertionError("an attempt returns or raises")

    @contextmanager
    def _opened(self, body: Mapping[str, Any]) -> Iterator[EventSource]:
        """Open a stream, which may be tried again until it has begun."""
        request = self._http.build_request(
            "POST", "/v1/ask", json=body, headers={"Accept": "text/event-stream"}
        )
        for attempt in _attempts():
            with attempt, _reached(self._http):
                response = self._http.send(request, stream=True)
                if not response.is_success:
                    response.read()
                _check(response)
        try:
            with _reached(self._http):
                yield EventSource(response)
        finally:
            response.close()


def _in_address(article_id: str) -> str:
    """Encode an id as one segment, also the two that lead elsewhere when they are resolved."""
    encoded = percent_encoded(article_id, safe="")
    return encoded.replace(".", "%2E") if encoded in (".", "..") else encoded


def _attempts() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(ServerBusy),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_as_told,
        reraise=True,
    )


def _as_told(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.retry_after if isinstance(error, ServerBusy) else None
    return min(LONGEST_WAIT, 0.2 * 2**state.attempt_number if told is None else told)


@contextmanager
def _reached(http: httpx.Client) -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise ServerBusy(f"{http.base_url}: cannot be reached ({error}); is the server running?") from error
    except httpx.TimeoutException as error:
        raise ServiceError(f"{http.base_url}: no answer in time; give the client a longer timeout") from error
    except (httpx.HTTPError, SSEError) as error:
        raise ServiceError(f"{http.base_url}: the connection broke ({error}); try again") from error


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    document = _json(response) if "json" in response.headers.get("content-type", "") else {}
    if not isinstance(document, dict) or "type" not in document:
        document = {"status": response.status_code, "detail": f"it answered {response.status_code}"}
    raise error_from(document, response.headers.get("retry-after"))


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ServiceError(
            f"{response.url}: the answer is not JSON; does the address lead to civicite?"
        ) from error


def _passages(content: Mapping[str, Any]) -> PassagesFound:
    return PassagesFound(_HITS.validate_python(content["passages"]))


def _sentence(content: Mapping[str, Any]) -> SentenceTold:
    cited = _CITATIONS.validate_python(content["citations"])
    return SentenceTold(_SENTENCE.validate_python(content["sentence"]), cited)


_TOLD: dict[str, Callable[[Mapping[str, Any]], Told]] = {
    "passages": _passages,
    "sentence": _sentence,
    "answer": Answer.from_dict,
}
_HITS = TypeAdapter(tuple[Hit, ...])
_SENTENCE = TypeAdapter(AnswerSentence)
_CITATIONS = TypeAdapter(tuple[Citation, ...])
_ARTICLE = TypeAdapter(ArticleText)
_SUMMARIES = TypeAdapter(list[ArticleSummary])
_FACETS = TypeAdapter(dict[str, dict[str, int]])
_COMMITS = TypeAdapter(list[Commit])
_VERDICTS = TypeAdapter(list[Verdict])
_STATUS = TypeAdapter(CollectionStatus)
