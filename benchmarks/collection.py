"""Reads an evaluation collection in BEIR's layout: articles, questions, judgements, and answers where given.

Knows files and fields (Thakur et al. 2021), which split is measured, and how a collection is cut into
parts. It must not know what is measured on it. Ids are compared in NFC, as civicite keeps them.
"""

import gzip
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from service.evaluation.gold import Judgements
from service.evaluation.gold import read_judgements as read_table


class CollectionError(Exception):
    """A folder is no evaluation collection; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question; ``answerable`` is None where the collection does not say.

    ``paragraph`` is the id of the text that the question was written about, in SQuAD's form
    ``Title#number``. ``candidates`` are labelled article ids, for answer-sentence selection.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    answerable: bool | None = None
    paragraph: str | None = None
    candidates: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """``questions`` holds those of the chosen split and those that say whether they can be answered."""

    name: str
    corpus: Path
    split: str
    questions: tuple[Question, ...]
    judgements: Judgements

    @property
    def judged(self) -> tuple[Question, ...]:
        """The questions that have a relevant article in the chosen split."""
        return tuple(question for question in self.questions if question.id in self.judgements)

    @property
    def labelled(self) -> tuple[Question, ...]:
        """The questions that are known to have an answer or to have none."""
        return tuple(question for question in self.questions if question.answerable is not None)

    def articles(self) -> Iterator[tuple[str, str, str]]:
        """Id, title and text of every article."""
        for record in _records(self.corpus):
            yield _nfc(record["_id"]), record.get("title") or "", record["text"]


def read_collection(folder: Path) -> Collection:
    """Read a folder; raises CollectionError where a file is missing."""
    judgements, split = read_judgements(folder)
    questions = tuple(map(_question, _records(_file(folder, "queries.jsonl"))))
    kept = tuple(one for one in questions if one.id in judgements or one.answerable is not None)
    return Collection(folder.name, _file(folder, "corpus.jsonl"), split, kept, judgements)


def read_judgements(folder: Path) -> tuple[Judgements, str]:
    """Read the split that is to be reported: ``test`` if there is one, else ``dev``, else the only one."""
    splits = {path.stem: path for path in sorted((folder / "qrels").glob("*.tsv"))}
    chosen = "test" if "test" in splits else "dev" if "dev" in splits else next(iter(splits), None)
    if chosen is None or (chosen not in ("test", "dev") and len(splits) > 1):
        raise CollectionError(
            f"{folder}: no qrels/test.tsv, no qrels/dev.tsv and not exactly one other split"
        )
    return read_table(splits[chosen]), chosen


def sample(collection: Collection, count: int) -> Collection:
    """Return the collection with ``count`` of its judged questions, evenly spaced in their order."""
    judged = collection.judged
    kept = tuple(judged[at * len(judged) // count] for at in range(count)) if count < len(judged) else judged
    judgements = {one.id: collection.judgements[one.id] for one in kept}
    return replace(collection, questions=kept, judgements=judgements)


def plain_corpus(collection: Collection, folder: Path) -> Path:
    """Return the corpus as an uncompressed file, unpacked into ``folder`` when need be."""
    if collection.corpus.suffix != ".gz":
        return collection.corpus
    plain = folder / f"{collection.name}.jsonl"
    plain.write_bytes(gzip.decompress(collection.corpus.read_bytes()))
    return plain


def write_questions(questions: tuple[Question, ...], path: Path) -> Path:
    """Write questions as ``_id`` and ``text`` per line, the form that the command line takes."""
    lines = (json.dumps({"_id": one.id, "text": one.text}, ensure_ascii=False) for one in questions)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _question(record: dict[str, Any]) -> Question:
    more = record.get("metadata") or {}
    return Question(
        id=_nfc(record["_id"]),
        text=record["text"],
        answers=tuple(dict.fromkeys(answer["text"] for answer in more.get("answers") or ())),
        answerable=more.get("answerable"),
        paragraph=more.get("context_id"),
        candidates=tuple((_nfc(identity), int(label)) for identity, label in more.get("candidates") or ()),
    )


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise CollectionError(f"{folder}: neither {name} nor {name}.gz; give a folder in BEIR's layout")


def _records(path: Path) -> Iterator[dict[str, Any]]:
    opened = partial(gzip.open, path, "rt") if path.suffix == ".gz" else path.open
    with opened(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _nfc(identity: str) -> str:
    return unicodedata.normalize("NFC", str(identity))
