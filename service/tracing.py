"""Traces of requests by OpenTelemetry, sent where the standard variables of the environment say.

FastAPI makes the spans; without ``OTEL_EXPORTER_OTLP_ENDPOINT`` nothing is made and nothing leaves. A span
never holds a question: attributes are names of stages and reasons, and numbers.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec

from fastapi.telemetry import TelemetryConfig

from indexer import InputError

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def telemetry(environment: Mapping[str, str] | None = None) -> TelemetryConfig:
    """Return what FastAPI is to trace; raises InputError when traces are wanted and cannot be made."""
    environment = os.environ if environment is None else environment
    asked = next((name for name in VARIABLES if environment.get(name)), None)
    if asked is not None and find_spec("opentelemetry.exporter") is None:
        raise InputError(asked, "traces need more packages", "run: pip install 'civicite[otel]'")
    wanted = asked is not None
    # Its own logs would hold what was sent; the counts are ours, in metrics.py.
    return {"tracing": wanted, "metrics": False, "logs": False, "auto_configure": wanted}


def note(attributes: Mapping[str, float | str]) -> None:
    """Add attributes to the span of the request that is being answered, if it is traced."""
    from opentelemetry import trace

    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes({f"civicite.{name}": value for name, value in attributes.items()})
