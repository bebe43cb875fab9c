"""What a request holds beside what its endpoint declares is refused, as undeclared fields of a body are.

A misspelt parameter that is passed over would be answered as if it had been heeded.
"""

from collections.abc import Iterable

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute


async def _no_other_parameter(request: Request) -> None:
    route = request.scope["route"]
    # Where a query is declared, its model refuses by itself what it does not know.
    if not (isinstance(route, APIRoute) and route.dependant.query_params):
        _refuse("query", request.query_params)


async def _no_field_but_a_file(request: Request) -> None:
    _refuse("body", (name for name in await request.form() if name != "file"))


def _refuse(place: str, names: Iterable[str]) -> None:
    problem = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
    refused = [{**problem, "loc": (place, name)} for name in dict.fromkeys(names)]
    if refused:
        raise RequestValidationError(refused)


DECLARED_PARAMETERS = Depends(_no_other_parameter)
ONLY_A_FILE = Depends(_no_field_but_a_file)
