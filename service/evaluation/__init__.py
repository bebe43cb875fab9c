"""How good the answers are on questions whose answers are known: measures, intervals, comparisons, a report.

For a notebook or a program::

    from service.assistant import Assistant
    from service.evaluation import compare, evaluate, read_gold

    gold = read_gold("questions.jsonl").questions
    with Assistant.open("index") as assistant:
        evaluation = evaluate(assistant, gold)
    evaluation["nDCG@10"].value, evaluation["nDCG@10"].low, evaluation.worst()[:5]

Knows answers as the assistant gives them, and nothing of how they come about. The measures here are the only
ones; the benchmarks use them too.
"""

from service.evaluation.comparing import Change, Comparison, Difference, compare
from service.evaluation.evaluating import Evaluation, evaluate, evaluation_of
from service.evaluation.gold import Gold, GoldFile, read_gold
from service.evaluation.intervals import Interval
from service.evaluation.judging import Judged, Outcome, Quoted, judge
from service.evaluation.keeping import read_evaluation, write_evaluation
from service.evaluation.measures import Measured

__all__ = [
    "Change",
    "Comparison",
    "Difference",
    "Evaluation",
    "Gold",
    "GoldFile",
    "Interval",
    "Judged",
    "Measured",
    "Outcome",
    "Quoted",
    "compare",
    "evaluate",
    "evaluation_of",
    "judge",
    "read_evaluation",
    "read_gold",
    "write_evaluation",
]
