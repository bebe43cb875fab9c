"""Verification over HTTP: any answer's quotations, compared with the catalog."""

from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, create_model
from pydantic.config import JsonDict

from indexer import InputError
from service.answer import Answer
from service.claims import MOST_CLAIMS, MOST_QUOTED, Claims, check_amount, claims_of
from service.declared import OnceRoute
from service.problems import responses
from service.representations import Verification
from service.schemas import Body, Number
from service.serving import Served
from service.verification import LONGEST_QUOTE, verify_quote

router = APIRouter(prefix="/v1", tags=["questions"], route_class=OnceRoute)

Identity = Annotated[str, Field(min_length=1, max_length=512)]

LONGEST_ANSWER = 1_000_000
"""Characters of a text that quotations are looked for in."""

EXAMPLE: JsonDict = {"citations": [{"quote": "Incheon has held 112 school programmes."}]}


class AlsoInToVerify(Body):
    """A copy that a citation lists."""

    article_id: Identity
    revision: Number
    start: Number
    end: Number
    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    published: str | None = None


class CitationToVerify(Body):
    """A quotation with what is said of its source: all that a citation holds, or the quote alone."""

    quote: str = Field(min_length=1, max_length=LONGEST_QUOTE)
    article_id: Identity | None = None
    revision: Number | None = None
    sha256: str | None = None
    start: Number | None = None
    end: Number | None = None
    prefix: str = ""
    suffix: str = ""
    id: int | None = None
    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    link: str | None = None
    score: float | None = None
    page: int | None = None
    also_in: list[AlsoInToVerify] = Field(default=[], max_length=100, description="Each is verified too")
    withdrawn: bool | None = None
    superseded_by: int | None = None


_OWN = ("answer", "citations")
_AROUND = ("understood", "question_id")
"""What the chat door and a file of questions add to an answer."""
_UNUSED: dict[str, Any] = {
    name: (Any, Field(None, description="Of an answer that is posted as it came; of no effect"))
    for name in (*(field.name for field in fields(Answer)), *_AROUND)
    if name not in _OWN
}
_AnAnswer: Any = create_model("_AnAnswer", __base__=Body, **_UNUSED)


class VerifyRequest(_AnAnswer):  # type: ignore[misc]
    """Citations, or an answer as civicite gave it, or any text with its quotations in quotation marks.

    All that is given is verified: citations first, then what ``answer`` and ``text`` quote beside them.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    citations: list[CitationToVerify] | None = Field(
        None,
        max_length=MOST_CLAIMS,
        description=f"Their quotations have {MOST_QUOTED} characters at most together",
    )
    answer: Annotated[str, Field(max_length=LONGEST_ANSWER)] | dict[str, Any] | None = None
    text: str | None = Field(None, max_length=LONGEST_ANSWER)

    def to_claims(self) -> Claims:
        """Return the quotations; raises InputError when there is none to verify."""
        given = {name: getattr(self, name) for name in ("answer", "sentences", "text")}
        given = {name: value for name, value in given.items() if value is not None}
        if self.citations is not None:
            given["citations"] = [citation.model_dump() for citation in self.citations]
        quoting = [name for name in ("citations", "answer", "text") if name in given]
        found = claims_of(given) if quoting else Claims(())
        if not found.claims:
            raise InputError(
                "citations", "there is no quotation", "give citations, an answer or a text with some"
            )
        check_amount(found.claims, ", ".join(quoting))
        return found


@router.post("/verify", response_model=Verification, responses=responses(400, 408, 413, 422))
def verify(body: VerifyRequest, serving: Served) -> JSONResponse:
    """Class each quotation of an answer, anyone's, and show the nearest true span where it is not verified.

    Offsets are Unicode code points, 0-based, end-exclusive. ``unquoted`` are the words of civicite's own
    answer that none of its quotations holds.
    """
    found = body.to_claims()
    with serving.index.view() as view:
        verdicts = [verify_quote(view, claim) for claim in found.claims]
    return JSONResponse(
        {
            "results": [verdict.to_dict() for verdict in verdicts],
            "verified": all(verdict.verified for verdict in verdicts) and found.unquoted is None,
            "unquoted": found.unquoted,
        }
    )
