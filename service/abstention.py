"""Why a question is not answered: a typed reason, and the words for it."""

from indexer import View
from service.answer import REASONS, Reason
from service.question import Question
from service.retrieval import Ranked


def reason_for(asked: Question, ranked: Ranked) -> Reason:
    """Say why nothing was answered: the collection lacks the question's words, or only their answer."""
    weights = ranked.scores.weights
    known = (ranked.scores.counts > 0).any(axis=0)
    missing = 1 - float(weights[known].sum()) / max(float(weights.sum()), 1e-9)
    far = float(ranked.scores.cosine.max()) < OUT_OF_SCOPE_COSINE
    return "out_of_scope" if far and missing > OUT_OF_SCOPE_MISSING else "low_confidence"


def message_for(reason: Reason, view: View) -> str:
    """Return the reason in words; before the first commit they say when that came."""
    if view.commit:
        return REASONS[reason]
    return f"Nothing had been taken in by then; the first articles came at {view.first_instant()}."


OUT_OF_SCOPE_COSINE, OUT_OF_SCOPE_MISSING = 0.35, 0.3
"""No passage nearer than this, and this share of the question's weight in no passage at all."""
