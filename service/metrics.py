"""What a server counts and times, as Prometheus reads it: requests, stages, abstentions, edits, commits.

Labels are route templates, methods, statuses and typed reasons, never ids or questions. With several worker
processes the counts lie in files that all of them share (``PROMETHEUS_MULTIPROC_DIR``, set before this module
is imported), and each worker shows the sum.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from service.answer import Answer

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})

_requests = Counter("civicite_requests_total", "Requests answered.", ("route", "method", "status"))
_duration = Histogram("civicite_request_seconds", "Seconds to answer.", ("route",), buckets=_SECONDS)
_under_way = Gauge("civicite_requests_under_way", "Requests being answered.", multiprocess_mode="livesum")
_stages = Histogram("civicite_stage_seconds", "Seconds of a question's stages.", ("stage",), buckets=_SECONDS)
_answers = Counter("civicite_answers_total", "Questions that were answered.")
_abstentions = Counter("civicite_abstentions_total", "Questions that were not, by reason.", ("reason",))
_edits = Counter("civicite_edits_total", "Requests that changed articles.", ("method",))
_commit = Gauge("civicite_index_commit", "The newest commit.", multiprocess_mode="mostrecent")
_generation = Gauge("civicite_index_generation", "The generation.", multiprocess_mode="mostrecent")
_committed = Gauge(
    "civicite_index_committed_seconds", "When the newest commit was made.", multiprocess_mode="mostrecent"
)
_age = Gauge("civicite_index_age_seconds", "Seconds since the newest commit.", multiprocess_mode="mostrecent")


def begun() -> None:
    """Count a request as under way."""
    _under_way.inc()


def finished(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered; ``route`` is a template, ``method`` may be anything."""
    _under_way.dec()
    known = method if method in _METHODS else "other"
    _requests.labels(route, known, str(status)).inc()
    _duration.labels(route).observe(seconds)


def edited(method: str) -> None:
    """Count a request that changed articles: put, uploaded, withdrew or erased some."""
    _edits.labels(method).inc()


def timed(milliseconds: Mapping[str, float]) -> None:
    """Note the stages of one question."""
    for stage, spent in milliseconds.items():
        _stages.labels(stage).observe(spent / 1000)


def answered(answer: Answer) -> None:
    """Note an answer or an abstention with its stages."""
    timed(answer.timing_ms)
    if answer.abstained:
        _abstentions.labels(str(answer.reason)).inc()
    else:
        _answers.inc()


def shown(commit: int, generation: int, committed: float) -> str:
    """Return all metrics in Prometheus' text format; ``committed`` is a moment in seconds since 1970."""
    _commit.set(commit)
    _generation.set(generation)
    _committed.set(committed)
    _age.set(max(0.0, time.time() - committed))
    if DIRECTORY not in os.environ:
        return generate_latest(REGISTRY).decode()
    from prometheus_client.multiprocess import MultiProcessCollector

    class Collector(MultiProcessCollector):
        """Leaves out files that a worker has only just made: the library cannot read what is empty."""

        def collect(self) -> Any:
            files = [str(file) for file in Path(os.environ[DIRECTORY]).glob("*.db") if file.stat().st_size]
            return self.merge(files, accumulate=True)  # type: ignore[no-untyped-call]

    registry = CollectorRegistry()
    Collector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry).decode()
