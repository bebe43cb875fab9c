"""Results as pandas data frames: answers, citations, passages, articles, commits, and what was found of them.

One row for each thing, columns named as in the JSON of DESIGN's answer. Needs the ``explore`` extra.
Computes nothing that a result does not say already, but for counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from indexer import Commit, Index, Metadata, Moment, Report, Trace, day_range, list_commits
from service.answer import Answer, Citation, Hit, SearchResult
from service.explained import Explanation, Scored
from service.exploring.clusters import Labels
from service.exploring.collection import Collection
from service.exploring.inside import SentenceView, Standing
from service.exploring.kinship import CopyGroup, NearCopy
from service.exploring.plane import Plane
from service.exploring.silence import Heard

EXCERPT = 90
"""Characters of a passage beside its point on a map."""


def answers(given: Iterable[Answer]) -> pd.DataFrame:
    """One row an answer: question, answer, confidence, reason, and where its first quote stands."""
    columns = ["question", "answer", "abstained", "confidence", "reason", *_CITED]
    return _frame((_answer(one) for one in given), columns)


def citations(given: Iterable[Answer]) -> pd.DataFrame:
    """One row a citation, with the question that it answers and the answer's confidence."""
    rows = (
        {"question": answer.question, "confidence": answer.confidence, **_without_copies(citation)}
        for answer in given
        for citation in answer.citations
    )
    return _frame(rows, ["question", "confidence", *Citation.__dataclass_fields__])


def quoted(given: Iterable[Answer], by: str = "article_id") -> pd.DataFrame:
    """Count quotations by a field of citations (``article_id``, ``publisher``), the most quoted first."""
    found = citations(given)
    counted = found.groupby(by, dropna=False).agg(
        quotations=("quote", "size"), questions=("question", "nunique")
    )
    return counted.reset_index().sort_values(["quotations", by], ascending=[False, True], ignore_index=True)


def hits(result: SearchResult | Iterable[Hit]) -> pd.DataFrame:
    """One row a passage, best first, with its rank from 1."""
    found = result.hits if isinstance(result, SearchResult) else tuple(result)
    rows = ({"rank": rank, **asdict(hit)} for rank, hit in enumerate(found, 1))
    return _frame(rows, ["rank", *Hit.__dataclass_fields__])


def articles(index: Index, *, as_of: Moment | None = None) -> pd.DataFrame:
    """One row a current article: its description, and each facet as a column of tuples.

    ``first_day`` and ``last_day`` are the days between which it was published: ``2020-02`` is a month.
    """
    with index.view(as_of) as view:
        listed, after = [], ""
        while page := view.articles(after):
            listed += page
            after = page[-1][0]
    return _frame((_article(*one) for one in listed), ["article_id", "revision", *_DESCRIBED, "last_day"])


def by_facet(frame: pd.DataFrame, facet: str) -> pd.DataFrame:
    """Return articles with one row for each value of a facet; those that have none are left out."""
    if facet not in frame:
        return frame.assign(**{facet: None}).iloc[:0]
    spread = frame.explode(facet, ignore_index=True)
    return spread[spread[facet].notna()].reset_index(drop=True)


def passages(collection: Collection) -> pd.DataFrame:
    """One row a passage, in the rows of ``collection.vectors``, with its article's description."""
    rows = []
    for row in range(len(collection)):
        article, (start, end) = collection.article(row), collection.span(row)
        said = article.metadata
        rows.append(
            {
                "article_id": article.id,
                "title": said.title,
                "publisher": said.publisher,
                "published": said.published,
                "language": said.language,
                "start": start,
                "end": end,
                "text": article.text[start:end],
            }
        )
    columns = ["article_id", "title", "publisher", "published", "language", "start", "end", "text"]
    return _frame(rows, columns)


def mapped(
    collection: Collection, plane: Plane, groups: Labels, words: Mapping[int, tuple[str, ...]]
) -> pd.DataFrame:
    """Return passages with their points ``x`` and ``y``, their ``group`` by its words, and an ``excerpt``."""
    named = {label: ", ".join(found) for label, found in words.items()} | {-1: "in no group"}
    frame = passages(collection)
    frame["x"], frame["y"] = plane.points.T
    frame["group"] = [named[label] for label in groups.tolist()]
    frame["excerpt"] = frame["text"].str.slice(0, EXCERPT)
    return frame


def traced(followed: Trace) -> pd.DataFrame:
    """One row a sentence of an article: the number of its passage from 1, its kind, span and text."""
    rows = (
        {
            "passage": number,
            "kind": sentence.kind,
            "start": sentence.start,
            "end": sentence.end,
            "text": followed.article.text[sentence.start : sentence.end],
        }
        for number, passage in enumerate(followed.passages, 1)
        for sentence in followed.sentences[passage.first : passage.last]
    )
    return _frame(rows, ["passage", "kind", "start", "end", "text"])


def sentences(views: Iterable[SentenceView]) -> pd.DataFrame:
    """One row a sentence with its cosine to a question, within its passage and alone."""
    return _frame(map(asdict, views), [*SentenceView.__dataclass_fields__])


def standings(given: Iterable[Standing]) -> pd.DataFrame:
    """One row a passage and ranking; ``passage`` is its article and its first character."""
    rows = ({"passage": f"{one.article_id} {one.start}", **asdict(one)} for one in given)
    return _frame(rows, ["passage", *Standing.__dataclass_fields__])


def stages(explanation: Explanation) -> pd.DataFrame:
    """One row a sentence that was considered: its place at every stage, from 1, and its text."""
    rows = (
        {"article_id": one.article_id, "chosen": one.chosen, **one.ranks, "text": one.text}
        for one in explanation.sentences
    )
    return _frame(rows, ["article_id", "chosen"])


def features(explanation: Explanation, candidate: int = 0, against: int | None = None) -> pd.DataFrame:
    """One row a feature of a sentence: its value, and what it adds to the score, in log-odds.

    ``candidate`` counts from 0, the best. With ``against`` another's contributions are taken off: what is
    left speaks for the first and against the second. The greatest contributions come first.
    """
    rows = _contributions(explanation.sentences[candidate].scored)
    if against is not None:
        others = {row["feature"]: row for row in _contributions(explanation.sentences[against].scored)}
        rows = [_minus(row, others.pop(row["feature"], None)) for row in rows]
        rows += [_minus({**row, "value": 0.0, "contribution": 0.0}, row) for row in others.values()]
    return _by_weight(rows)


def confidence_features(explanation: Explanation) -> pd.DataFrame:
    """One row a sign that confidence was made of; empty for a search, which has none."""
    return _by_weight(_contributions(explanation.confidence.scored) if explanation.confidence else [])


def commits(folder: str | Path, limit: int = 1000) -> pd.DataFrame:
    """One row an article that a commit added, changed, described anew or withdrew, the oldest first."""
    listed = sorted(list_commits(Path(folder), limit), key=lambda one: one.commit)
    rows = (row for commit in listed for row in _changes(commit))
    frame = _frame(rows, ["commit", "at", "article_id", "outcome", "before", "after"])
    return frame.astype({"before": "Int64", "after": "Int64"})


def changes(report: Report) -> pd.DataFrame:
    """One row an article of an edit's report: what was done to it or, when it failed, why."""
    outcomes = ("added", "changed", "unchanged", "withdrawn", "erased")
    rows: list[dict[str, Any]] = [
        {"article_id": identity, "outcome": name, "problem": None}
        for name in outcomes
        for identity in getattr(report, name)
    ]
    # A failure names a file or an address; only the last part of it is the same on every machine.
    rows += [
        {"article_id": Path(one.where).name, "outcome": "failed", "problem": f"{one.problem}; {one.mend}"}
        for one in report.failed
    ]
    return _frame(rows, ["article_id", "outcome", "problem"])


def heard(themes: Iterable[Heard]) -> pd.DataFrame:
    """One row a theme, in the order asked."""
    return _frame(map(asdict, themes), [*Heard.__dataclass_fields__])


def copies(groups: Iterable[CopyGroup]) -> pd.DataFrame:
    """One row an article of a group of copies; the one that is cited comes first in its group."""
    rows = (
        {
            "group": number,
            "article_id": article.id,
            "publisher": article.metadata.publisher,
            "published": article.metadata.published,
            "is_cited": article is group.earliest,
            "shared_passages": group.shared,
        }
        for number, group in enumerate(groups, 1)
        for article in (group.earliest, *group.others)
    )
    return _frame(rows, ["group", "article_id", "publisher", "published", "is_cited", "shared_passages"])


def differences(pairs: Iterable[NearCopy]) -> pd.DataFrame:
    """One row a sentence in which two articles differ that are nearly the same."""
    rows = (
        {"one": pair.one.id, "other": pair.other.id, "one_says": mine, "other_says": theirs}
        for pair in pairs
        for mine, theirs in pair.differences
    )
    return _frame(rows, ["one", "other", "one_says", "other_says"])


_CITED = ("article_id", "title", "publisher", "published", "start", "end")
_DESCRIBED = ("title", "publisher", "author", "url", "published", "language", "first_day")


def _frame(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Return a frame that has its columns even without a row; further columns follow in their order."""
    listed = list(rows)
    more = dict.fromkeys(name for row in listed for name in row if name not in columns)
    return pd.DataFrame(listed, columns=[*columns, *more])


def _answer(answer: Answer) -> dict[str, Any]:
    first = asdict(answer.citations[0]) if answer.citations else {}
    return {
        "question": answer.question,
        "answer": answer.answer,
        "abstained": answer.abstained,
        "confidence": answer.confidence,
        "reason": answer.reason,
        **{name: first.get(name) for name in _CITED},
    }


def _without_copies(citation: Citation) -> dict[str, Any]:
    return {**asdict(citation), "also_in": tuple(one.article_id for one in citation.also_in)}


def _contributions(scored: Scored) -> list[dict[str, Any]]:
    """List features and the rules set by hand, which have no value of their own."""
    rules = [{"feature": name, "value": None, "contribution": added} for name, added in scored.rules.items()]
    return [*map(asdict, scored.features), *rules]


def _minus(row: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any]:
    added = row["contribution"] - (other["contribution"] if other else 0.0)
    return {**row, "other_value": other["value"] if other else None, "contribution": added}


def _by_weight(rows: list[dict[str, Any]]) -> pd.DataFrame:
    ordered = sorted(rows, key=lambda row: (-abs(row["contribution"]), row["feature"]))
    return _frame(ordered, ["feature", "value", "contribution"])


def _article(identity: str, revision: int, said: Metadata) -> dict[str, Any]:
    first, last = day_range(said.published)
    known = {name: getattr(said, name) for name in _DESCRIBED[:-1]}
    days = {"first_day": first, "last_day": last}
    facets = {name: values for name, values in said.facets if name not in known}
    return {"article_id": identity, "revision": revision, **known, **days, **facets}


def _changes(commit: Commit) -> Iterable[dict[str, Any]]:
    return ({"commit": commit.commit, "at": commit.at, **asdict(change)} for change in commit.articles)
