"""The specification of the HTTP interface: what FastAPI makes of the endpoints, completed.

Adds what endpoints do not say of themselves one by one: headers of rates and conditions, keys, and an
example of every request and response. The examples of answers were given by an index of ``corpus/`` and lie
in ``examples.json``; those of problems follow from the types of ``problems.py``.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI

from service.access import OPEN_PATHS
from service.field_problems import FieldProblem
from service.openai_errors import PATHS as OPENAI
from service.openai_errors import openai_examples
from service.problems import ProblemDocument

HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit-Policy": {
        "description": "Where there is a limit: requests that a key or address may make in so many seconds",
        "schema": {"type": "string"},
        "example": '"requests";q=600;w=60',
    },
    "RateLimit": {
        "description": "Where there is a limit: requests left, and seconds until the oldest is forgotten",
        "schema": {"type": "string"},
        "example": '"requests";r=598;t=41',
    },
    "Retry-After": {
        "description": "Seconds after which to come again",
        "schema": {"type": "string"},
        "required": True,
        "example": "5",
    },
    "ETag": {
        "description": "Names what the answer says; come again with it in If-None-Match or, of an article,"
        " in the If-Match of a change",
        "schema": {"type": "string"},
        "example": 'W/"5f70bf18a086007016e948b0.2c26b46b68ffc68ff99b453c"',
    },
    "X-Request-Id": {
        "description": "The id of the request, as in problems and in the log; a client may send its own",
        "schema": {"type": "string"},
        "example": "6f0d3c1c5a3b4a1f9b0a3a2f7d2b8e11",
    },
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Tags of answers that the client has: what one of them names is not sent again (304),"
        " and not changed (412). `*` is any: with it an article is added only if it is not there",
        "schema": {"type": "string"},
        "example": "*",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "Tags of readings of an article: it is changed only if its text and description are"
        " still as in one of them, else 412. Tags are weak, and compared weakly. `*` is any article that"
        " is there",
        "schema": {"type": "string"},
        "example": 'W/"5f70bf18a086007016e948b0.2c26b46b68ffc68ff99b453c"',
    },
}
_NOT_MODIFIED, _FAILED = "304", "412"
_TAGGED_CHANGES = {("put", "200"), ("put", "201"), ("post", "200")}
_ARTICLES = "/v1/articles"
_WAITING = ("429", "503")
_BEARER = "key"
_JSON = "application/json"
_REFUSED = 400


class DescribedApp(FastAPI):
    """A FastAPI application whose specification is complete."""

    def openapi(self) -> dict[str, Any]:
        """Return the specification; made once, when it is first asked for."""
        before = self.openapi_schema
        made = super().openapi()
        if made is not before:
            complete(made)
        return made


def complete(made: dict[str, Any]) -> None:
    """Add to a specification what FastAPI does not know."""
    components = made.setdefault("components", {})
    template = "#/components/schemas/{model}"
    for model in (FieldProblem, ProblemDocument):
        described = model.model_json_schema(ref_template=template)
        described.pop("$defs", None)
        components["schemas"][model.__name__] = described
    components["headers"] = HEADERS
    components["securitySchemes"] = {
        _BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of `civicite key create`; needed where and for what the settings say",
        }
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if path.startswith(OPENAI):
                # OpenAI knows no 422, and FastAPI always describes one.
                operation["responses"].pop("422", None)
            if path not in OPEN_PATHS:
                operation["security"] = [{}, {_BEARER: []}]
            _add_conditions(operation)
            for status, response in operation["responses"].items():
                _complete(response, status, path in OPEN_PATHS)
                if _is_tagged(path, method, status, operation):
                    response["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
                _exemplify(response, f"{method.upper()} {path} {status}")
                if path.startswith(OPENAI) and int(status) >= _REFUSED:
                    # FastAPI leaves out what is null in the examples of an endpoint.
                    response["content"][_JSON]["examples"] = openai_examples(int(status))


def _complete(response: dict[str, Any], status: str, is_open: bool) -> None:
    names = [
        "X-Request-Id",
        *([] if is_open else ["RateLimit-Policy", "RateLimit"]),
        *(["Retry-After"] if status in _WAITING else []),
    ]
    response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _add_conditions(operation: dict[str, Any]) -> None:
    names = {_NOT_MODIFIED: ["If-None-Match"], _FAILED: ["If-Match", "If-None-Match"]}
    for status in names.keys() & operation["responses"].keys():
        operation.setdefault("parameters", []).extend(dict(CONDITIONS[name]) for name in names[status])


def _is_tagged(path: str, method: str, status: str, operation: dict[str, Any]) -> bool:
    if _NOT_MODIFIED in operation["responses"]:
        return status in ("200", _NOT_MODIFIED)
    return path.startswith(_ARTICLES) and (method, status) in _TAGGED_CHANGES


def _exemplify(response: dict[str, Any], key: str) -> None:
    for kind, content in response.get("content", {}).items():
        example = examples().get(f"{key} {kind}")
        if example is not None:
            content["example"] = example


@cache
def examples() -> dict[str, Any]:
    """Return the recorded answers by method, path, status and media type."""
    text = (files("service") / "examples.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
