"""What was decided about the time and the contradictions of the evidence, before sentences are chosen."""

from dataclasses import dataclass

from service.answer import Settled
from service.conflicts import Dispute
from service.retrieval import Evidence
from service.scores import Floats


@dataclass(frozen=True, slots=True)
class Settlement:
    """Evidence in its final order, and what each candidate's score changed by on the way there.

    ``settled`` says why the first of the ``dispute`` is preferred.
    """

    evidence: Evidence
    added: Floats  # (candidates,)
    dispute: Dispute | None
    settled: Settled | None
