"""What was decided about the time and the contradictions of the evidence, before sentences are chosen."""

from dataclasses import dataclass

from service.answer import Settled
from service.conflicts import Dispute
from service.retrieval import Evidence


@dataclass(frozen=True, slots=True)
class Settlement:
    """Evidence in its final order, and as it was before.

    ``settled`` says why the first of the ``dispute`` is preferred.
    """

    evidence: Evidence
    unsettled: Evidence
    dispute: Dispute | None
    settled: Settled | None
