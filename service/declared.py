"""What a request holds beside what its endpoint declares is refused, as undeclared fields of a body are.

So is what it holds twice where one is declared. A misspelt parameter that is passed over, and the one of two
that is, would be answered as if they had been heeded.
"""

import json
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, get_origin

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException

from service.field_problems import LONGEST_FIELD, FieldProblem
from service.problems import problem_response

UNDECLARED = "Extra inputs are not permitted"
REPEATED = "it is given more than once; give it once"


class RepeatedKey(HTTPException):
    """An object of a body has a key twice; FastAPI takes all but the protocol's errors for malformed JSON."""

    def __init__(self, name: str) -> None:
        super().__init__(422)
        self.name = name


def answer_repeated(request: Request, error: Exception) -> Response:
    """Answer a repeated key; an exception handler of the application."""
    assert isinstance(error, RepeatedKey)  # noqa: S101 - registered for this class
    name = error.name[:LONGEST_FIELD].encode("utf-8", "replace").decode()
    problem = FieldProblem(field=name, problem=REPEATED)
    return problem_response("invalid-request", f"{name}: {REPEATED}", [problem])


class OnceRoute(APIRoute):
    """A route that refuses a body in which an object has a key twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def answer_once(request: Request) -> Response:
            return await answer(_OnceRequest(request.scope, request.receive))

        return answer_once


class _OnceRequest(Request):
    async def json(self) -> Any:
        # Looked for while the body is read, so that nothing is read a second time.
        return json.loads(await self.body(), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedKey(next(_repeated(name for name, _ in pairs)))
    return found


async def _declared_parameters(request: Request) -> None:
    route = request.scope["route"]
    declared = route.dependant.query_params if isinstance(route, APIRoute) else []
    # Where a query is declared, its model refuses by itself what it does not know.
    if not declared:
        _refuse("query", request.query_params, UNDECLARED)
    many = {name for one in declared for name in _lists(one.field_info.annotation)}
    _refuse("query", (name for name in _names_twice(request.query_params) if name not in many), REPEATED)


def _lists(query: object) -> Iterator[str]:
    """Yield the parameters of a query that may be given more than once."""
    if isinstance(query, type) and issubclass(query, BaseModel):
        fields = query.model_fields.items()
        yield from (name for name, field in fields if get_origin(field.annotation) is list)


async def _only_a_file(request: Request) -> None:
    form = await request.form()
    _refuse("body", (name for name in form if name != "file"), UNDECLARED)
    _refuse("body", _names_twice(form), REPEATED)


def _names_twice(given: ImmutableMultiDict[str, Any]) -> Iterator[str]:
    return _repeated(name for name, _ in given.multi_items())


def _repeated(names: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _refuse(place: str, names: Iterable[str], problem: str) -> None:
    refused = [{"type": "refused", "msg": problem, "loc": (place, name)} for name in dict.fromkeys(names)]
    if refused:
        raise RequestValidationError(refused)


DECLARED_PARAMETERS = Depends(_declared_parameters)
ONLY_A_FILE = Depends(_only_a_file)
