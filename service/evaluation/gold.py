"""Questions whose answers are known, from a JSON Lines file: what a line may say, which lines are invalid.

Takes the plain form (``article``, ``quote``, ``answers``, ``unanswerable``) and BEIR's (``metadata`` with
``answerable`` and ``answers``, judgements in a file of their own; Thakur et al. 2021). Knows nothing of
answers. Ids are compared in NFC, as the index keeps them.
"""

import csv
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer import InputError, is_text
from service.askable import checked_question

Judgements = dict[str, dict[str, int]]
"""Question id to article id to relevance; what is absent is not relevant."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A question and what is expected of its answer.

    ``relevance`` pairs an article's id with how relevant it is. Of ``quotes`` every entry is needed, and any
    text of an entry will do. ``answers`` are alternatives.
    ``cluster`` names questions that rise and fall together, such as those about one paragraph.
    """

    id: str
    text: str
    answerable: bool = True
    relevance: tuple[tuple[str, int], ...] = ()
    quotes: tuple[tuple[str, ...], ...] = ()
    answers: tuple[str, ...] = ()
    kind: str | None = None
    part: str | None = None
    cluster: str | None = None
    as_of: str | int | None = None

    @property
    def articles(self) -> tuple[str, ...]:
        """The ids of the articles that answer."""
        return tuple(identity for identity, _ in self.relevance)


@dataclass(frozen=True, slots=True)
class GoldFile:
    """The valid questions of a file, and a line of text about each invalid one."""

    questions: tuple[Gold, ...]
    problems: tuple[str, ...]


def read_gold(file: str | Path, qrels: str | Path | None = None, part: str | None = None) -> GoldFile:
    """Read a file of questions, those of one ``part`` alone when it is given.

    ``qrels`` is BEIR's table of ``query-id``, ``corpus-id`` and ``score``, separated by tabs; its articles
    add to those that the lines name. Raises InputError when a file cannot be read or holds no valid question.
    """
    judgements = read_judgements(Path(qrels)) if qrels is not None else {}
    questions: dict[str, Gold] = {}
    problems = []
    for number, line in enumerate(_lines(Path(file)), 1):
        if not line.strip():
            continue
        try:
            one = _gold(json.loads(line), judgements)
        except InputError as error:
            problems.append(f"{file}: line {number}: {error}")
            continue
        except (ValueError, RecursionError):
            problems.append(f"{file}: line {number}: it is no JSON; write one object a line")
            continue
        if one.id in questions:
            problems.append(
                f"{file}: line {number}: _id: {one.id} was there before; give each question its own"
            )
        else:
            questions[one.id] = one
    kept = tuple(one for one in questions.values() if part is None or one.part == part)
    if not kept:
        which = "no valid question" if part is None else f"no valid question of part {part!r}"
        detail = f" ({problems[0]})" if problems else ""
        raise InputError(str(file), f"it holds {which}{detail}", "see docs/evaluation.md for the format")
    return GoldFile(kept, tuple(problems))


def read_judgements(file: Path) -> Judgements:
    """Read BEIR's table of judgements; raises InputError, with the line's number, for one that is none."""
    judgements: Judgements = {}
    rows = csv.DictReader(_lines(file), delimiter="\t", quoting=csv.QUOTE_NONE)
    for row in rows:
        try:
            question, article, score = row["query-id"], row["corpus-id"], int(row["score"])
        except (KeyError, TypeError, ValueError) as error:
            where = f"{file}: line {rows.line_num}"
            raise InputError(
                where,
                "no judgement",
                "write query-id, corpus-id and score, separated by tabs, under that header",
            ) from error
        if score > 0:
            judgements.setdefault(_nfc(question), {})[_nfc(article)] = score
    return judgements


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8-sig") as stream:
            yield from stream
    except UnicodeDecodeError as error:
        raise InputError(str(file), "it is not UTF-8", "save it as UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(str(file), reason, "give a JSON Lines file with _id and text") from error


def _gold(record: object, judgements: Mapping[str, Mapping[str, int]]) -> Gold:
    if not isinstance(record, dict):
        raise InputError("record", "it is no JSON object", "write one object a line")
    identity = _identity(record.get("_id"))
    text = record.get("text")
    if not isinstance(text, str):
        raise InputError("text", "it is missing or no text", "write the question")
    one = Gold(
        id=identity,
        text=checked_question(text),
        relevance=tuple((_nfc(name), 1) for name in _texts(record, "article")),
        quotes=_quotes(record.get("quote")),
        answers=_texts(record, "answers"),
        answerable=_answerable(record),
        kind=_label(record, "kind"),
        part=_label(record, "part"),
        cluster=_label(record, "cluster"),
        as_of=_moment(record.get("as_of")),
    )
    one = _with_judgements(_with_metadata(one, record.get("metadata")), judgements.get(identity, {}))
    if not one.answerable and (one.quotes or one.answers):
        raise InputError("unanswerable", "a quote or an answer is given too", "leave one of them out")
    if one.answerable and not (one.relevance or one.quotes or one.answers):
        raise InputError(
            "expected", "nothing is given", "give article, quote or answers, or 'unanswerable': true"
        )
    return one


def _with_metadata(one: Gold, more: object) -> Gold:
    """Take what BEIR's ``metadata`` says, as SQuAD's collections carry it."""
    if more is None:
        return one
    if not isinstance(more, dict):
        raise InputError("metadata", "it is no JSON object", "write an object or leave it out")
    answerable = more.get("answerable")
    if answerable is not None and not isinstance(answerable, bool):
        raise InputError("metadata.answerable", "it is neither true nor false", "write true or false")
    given = more.get("answers") or []
    if not isinstance(given, list):
        raise InputError("metadata.answers", "it is no list", "write a list of texts")
    plain = [answer.get("text") if isinstance(answer, dict) else answer for answer in given]
    answers = _checked_texts(plain, "metadata.answers") if answerable is not False else ()
    cluster = more.get("context_id")
    return replace(
        one,
        answerable=one.answerable if answerable is None else one.answerable and answerable,
        answers=one.answers or tuple(dict.fromkeys(answers)),
        cluster=one.cluster or (cluster if isinstance(cluster, str) else None),
    )


def _with_judgements(one: Gold, judged: Mapping[str, int]) -> Gold:
    merged = {**dict(one.relevance), **judged}
    return replace(one, relevance=tuple(merged.items()))


def _answerable(record: Mapping[str, Any]) -> bool:
    value = record.get("unanswerable", False)
    if not isinstance(value, bool):
        raise InputError("unanswerable", "it is neither true nor false", "write true or leave it out")
    return not value


def _quotes(value: object) -> tuple[tuple[str, ...], ...]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(
        _checked_texts(entry if isinstance(entry, list) else [entry], "quote") or _refuse_empty()
        for entry in entries
    )


def _refuse_empty() -> tuple[str, ...]:
    raise InputError("quote", "a list of alternatives is empty", "write at least one text in it")


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name)
    return _checked_texts(value if isinstance(value, list) else [] if value is None else [value], name)


def _checked_texts(values: list[Any], name: str) -> tuple[str, ...]:
    if not all(isinstance(value, str) and value.strip() and is_text(value) for value in values):
        raise InputError(name, "an entry is empty or no text", "write texts")
    return tuple(values)


def _label(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise InputError(name, "it is empty or no text", "write a word or leave it out")
    return value


def _moment(value: object) -> str | int | None:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise InputError("as_of", "it is no date, instant or commit's number", "write it as 2020-02-05")
    return value


def _identity(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text or any(map(str.isspace, text)) or not is_text(text):
        raise InputError("_id", "it is missing or cannot be used", "give each line an _id without spaces")
    return _nfc(text)


def _nfc(identity: str) -> str:
    return unicodedata.normalize("NFC", identity)
