"""The specification, tried by schemathesis: what it allows or forbids is answered so, never by a 5xx."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from building import article, put
from commandline import ENVIRONMENT, served
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig as Config
from schemathesis.core.result import Ok

CONFIG = {
    "checks": {
        # A schema cannot say that a day must exist, a commit must have been made, or a span lie in its text.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", 404, 410, 412, 416, 422]},
        # A body that is too large is refused before it is read.
        "negative_data_rejection": {"expected-statuses": [400, 404, 405, 413, 422]},
    },
    "operations": [
        {
            # OpenAI says 400 where others say 422.
            "include-path": "/v1/chat/completions",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 400, 404]}},
        }
    ],
}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    place = tmp_path_factory.mktemp("specification") / "index"
    put(
        place,
        [article("well", "The old well was opened in 1880.", "The well", city="Ulm", published="2020-02")],
    )
    with served(place, environment={**ENVIRONMENT, "CIVICITE_WAIT_SECONDS": "30"}) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json", config=Config.from_dict(CONFIG))


def try_all(api: schemathesis.BaseSchema, examples: int) -> int:
    """Try each operation with so many cases of each kind, and return how many were tried."""
    tried = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in MODES:

            @given(operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            def one(case: schemathesis.Case[Any]) -> None:
                nonlocal tried
                tried += 1
                case.call_and_validate()

            # An operation without parameters cannot be called wrongly.
            with suppress(Unsatisfiable):
                one()
    return tried


def test_whatever_the_specification_allows_or_forbids_is_answered_as_it_says(
    api: schemathesis.BaseSchema,
) -> None:
    assert try_all(api, 10) > 200


@pytest.mark.proof
def test_thousands_of_cases_are_answered_as_the_specification_says(api: schemathesis.BaseSchema) -> None:
    assert try_all(api, 300) > 5000
