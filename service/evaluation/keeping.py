"""Evaluations as JSON: per-question values to keep, to compare and to work with elsewhere.

What is kept are the judged questions; measures are written for readers and computed anew when read, so that
the two cannot disagree. Knows the form and its version; nothing of how anything is measured.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from indexer import InputError
from service.answer import IndexState
from service.evaluation.evaluating import Evaluation, evaluation_of
from service.evaluation.gold import Gold
from service.evaluation.judging import Judged, Quoted

FORMAT = "civicite evaluation 1"


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return a JSON object; ``outcome`` of a question is written for readers."""
    return {
        "format": FORMAT,
        "source": evaluation.source,
        "min_confidence": evaluation.min_confidence,
        "index": asdict(evaluation.index),
        "outcomes": evaluation.outcomes(),
        "measures": [asdict(one) for one in evaluation.measures],
        "questions": [{"outcome": one.outcome, **asdict(one)} for one in evaluation.questions],
    }


def write_evaluation(evaluation: Evaluation, file: str | Path) -> None:
    """Write an evaluation as JSON; raises InputError when that cannot be done."""
    write_text(file, json.dumps(to_dict(evaluation), ensure_ascii=False, indent=1) + "\n")


def write_text(file: str | Path, text: str) -> None:
    """Write a file in UTF-8; raises InputError when that cannot be done."""
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            str(file), error.strerror or str(error), "name a file in a folder that exists"
        ) from error


def check_writable(file: str | Path) -> None:
    """Raise InputError when a file could not be written, before anything takes long."""
    path = Path(file)
    if path.is_dir() or not path.parent.is_dir():
        problem = "it is a folder" if path.is_dir() else "its folder does not exist"
        raise InputError(str(file), problem, "name a file in a folder that exists")


def read_evaluation(file: str | Path) -> Evaluation:
    """Read what :func:`write_evaluation` wrote; raises InputError for anything else."""
    try:
        record = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(file), error.strerror or str(error), "give a kept evaluation") from error
    except (ValueError, RecursionError) as error:
        raise InputError(str(file), "it is no JSON", "give what 'civicite evaluate --save' wrote") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(str(file), "it is no evaluation", "give what 'civicite evaluate --save' wrote")
    try:
        judged = [_judged(one) for one in record["questions"]]
        state = IndexState(**_known(IndexState, record["index"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(str(file), f"it is damaged ({error})", "evaluate the questions again") from error
    if not judged:
        raise InputError(str(file), "it holds no question", "evaluate some questions")
    return evaluation_of(judged, state, record.get("min_confidence"), record.get("source"))


def _judged(record: Mapping[str, Any]) -> Judged:
    values = _known(Judged, record)
    gold = _known(Gold, record["gold"])
    for name in ("relevance", "quotes"):
        gold[name] = tuple(tuple(entry) for entry in gold[name])
    gold["answers"] = tuple(gold["answers"])
    values["gold"] = Gold(**gold)
    values["sentences"] = tuple(Quoted(**_known(Quoted, one)) for one in record["sentences"])
    values["confidence"] = float(values["confidence"])
    return Judged(**values)


def _known(kind: type, record: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the fields of a dataclass; what a later version added is left out."""
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in record.items() if name in names}
