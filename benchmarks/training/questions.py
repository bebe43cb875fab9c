"""The questions to learn from: which part of each collection is for training, and what is right there.

Knows the splits, and nothing of features or models. What is not for training is never read here: of
SQuAD 2.0's development part the articles after the first eight titles that have questions, of SciFact the
test claims, of KorQuAD 1.0 all but the first fifth of the paragraphs, of SelQA all but the first fifth of
the questions.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TITLES_FOR_TRAINING = 8
SHARE_FOR_TRAINING = 0.2


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with its relevant articles; ``answers`` are gold strings, ``group`` what folds follow."""

    id: str
    text: str
    relevant: frozenset[str]
    answers: tuple[str, ...]
    answerable: bool
    group: str


def read(folder: Path) -> list[Labelled]:
    """Read the training part of a collection in BEIR's layout."""
    questions = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    written = [one for one in questions if "context_id" in (one.get("metadata") or {})]
    if written:
        return list(_of_paragraphs(folder, written))
    return list(_of_judgements(folder, questions))


def _of_paragraphs(folder: Path, questions: list[dict[str, Any]]) -> Iterator[Labelled]:
    """SQuAD and KorQuAD: questions written about a paragraph, named ``Title#number``."""
    adversarial = any(one["metadata"].get("answerable") is False for one in questions)
    paragraphs = [json.loads(line)["_id"] for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    titles = sorted({one["metadata"]["context_id"].split("#")[0] for one in questions})
    if adversarial:
        kept = {p for p in paragraphs if p.split("#")[0] in titles[:TITLES_FOR_TRAINING]}
    else:
        kept = set(paragraphs[: int(len(paragraphs) * SHARE_FOR_TRAINING)])
    for one in questions:
        about = one["metadata"]
        if about["context_id"] in kept:
            yield Labelled(
                id=one["_id"],
                text=one["text"],
                relevant=frozenset({about["context_id"]}),
                answers=tuple(answer["text"] for answer in about["answers"]),
                answerable=about["answerable"],
                group=about["context_id"].split("#")[0],
            )


def _of_judgements(folder: Path, questions: list[dict[str, Any]]) -> Iterator[Labelled]:
    """SciFact's training claims, and the first fifth of SelQA, whose articles are sentences."""
    split = "train" if (folder / "qrels" / "train.tsv").is_file() else "dev"
    relevant: dict[str, set[str]] = {}
    with (folder / "qrels" / f"{split}.tsv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], set()).add(row["corpus-id"])
    judged = [one for one in questions if one["_id"] in relevant]
    kept = judged if split == "train" else judged[: int(len(judged) * SHARE_FOR_TRAINING)]
    for one in kept:
        yield Labelled(one["_id"], one["text"], frozenset(relevant[one["_id"]]), (), True, one["_id"])
