"""The addresses for whoever runs a server: is it alive, can it answer, what has it counted."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from indexer import list_commits
from service import metrics, tracing
from service.answer import Answer, SearchResult
from service.problems import responses
from service.representations import Health, Ready
from service.serving import Served, Serving

router = APIRouter(tags=["health"])

PROBE = "What is this collection about?"
"""Asked once a commit, to know that a question can be answered."""


@router.get("/healthz", response_model=Health)
async def healthz() -> JSONResponse:
    """Say that the process runs and listens, whatever the state of the index."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=Ready, responses=responses())
def readyz(serving: Served) -> JSONResponse:
    """Say that questions can be answered, and from which state of the index; one is asked at every commit.

    ``superseded`` is true when the index was rebuilt with another model: answers then lack what was taken
    in since, until the server is started again with that model. ``damaged`` names articles that are not what
    was written: they are left out of answers until they are indexed again.
    """
    active = serving.index.generation()
    with serving.index.view() as view:
        commit = view.commit
        state: dict[str, Any] = {
            "status": "ready",
            "commit": commit,
            "generation": view.generation.id,
            "model": view.generation.recipe.model,
            "superseded": view.generation.recipe != active.recipe,
            "active_generation": active.id,
            "active_model": active.recipe.model,
            "damaged": sorted(serving.index.damaged()),
        }
    serving.prove(commit, PROBE)
    return JSONResponse(state)


@router.get("/metrics", response_class=PlainTextResponse, responses=responses())
def show_metrics(serving: Served) -> PlainTextResponse:
    """Show counts and times in Prometheus' text format, those of all workers together."""
    generation = serving.index.generation()
    newest = list_commits(serving.index.folder, 1, None)
    committed = datetime.fromisoformat(newest[0].at).timestamp() if newest else 0.0
    text = metrics.shown(newest[0].commit if newest else 0, generation.id, committed)
    return PlainTextResponse(text, media_type=metrics.CONTENT_TYPE)


def note_answer(serving: Serving, request: Request, answer: Answer | SearchResult) -> None:
    """Count an answer, and add to the request's log line and span what may be said of it."""
    facts: dict[str, Any] = {"commit": answer.index.commit}
    if isinstance(answer, Answer):
        metrics.answered(answer)
        facts["reason"] = answer.reason
    else:
        metrics.timed(answer.timing_ms)
    tracing.note(
        {f"{stage}_ms": spent for stage, spent in answer.timing_ms.items()}
        | {name: value for name, value in facts.items() if value is not None}
    )
    if serving.settings.log_questions:
        facts["question"] = answer.question
    request.scope["state"]["facts"] = facts
