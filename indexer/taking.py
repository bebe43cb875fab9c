"""What taking articles in comes to: each is compared with what is there, and only what is new is encoded.

Knows neither who may write nor when; nothing is written here.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from indexer.article import Article
from indexer.catalog import Catalog
from indexer.claims import collision, rooted
from indexer.committing import Change, Put
from indexer.encoder import Encoder
from indexer.encoding import encode
from indexer.errors import ReadError
from indexer.generations import Generation
from indexer.planning import Decision, current, decide, is_sound_article, reusable_passages
from indexer.recipe import Recipe
from indexer.sources import Found

Decided = tuple[Article, Decision]
"""An article as it is to be taken in, and what has to be done about it."""


@dataclass(slots=True)
class Report:
    """What an edit did, by article id; ``failed`` holds what could not be taken in."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    failed: list[ReadError] = field(default_factory=list)
    encoded: int = 0
    """Passages that were encoded."""
    copies: dict[str, list[str]] = field(default_factory=dict)
    """Of erased articles: ids of others that hold the same text to the character, and were not erased."""


Step = Callable[[Report], None]
"""Called whenever something more was read, encoded or committed."""


def decided_of(
    one: Found | ReadError,
    connection: sqlite3.Connection,
    recipe: Recipe | None,
    seen: set[str],
    report: Report,
) -> Decided | None:
    """Decide what has to be done about what was read, and report it; None for what cannot be taken in.

    ``seen`` holds the ids that were decided in the same run before, and is added to.
    """
    if isinstance(one, ReadError):
        report.failed.append(one)
        return None
    before = current(connection, one.article.id)
    article = rooted(one.article, before)
    problem = collision(one, before, seen)
    if problem is not None:
        report.failed.append(problem)
        return None
    seen.add(article.id)
    decision = decide(before, article, recipe)
    if before is not None and not is_sound_article(connection, article.id):
        decision = "mended"
    lists = {"added": report.added} | dict.fromkeys(("changed", "described", "mended"), report.changed)
    lists.get(decision, report.unchanged).append(article.id)
    return article, decision


def changes_of(
    decided: Sequence[Decided],
    catalog: Catalog,
    generation: Generation,
    encoder: Encoder,
    report: Report,
    step: Step,
) -> list[Change]:
    """Return what is to be committed; a text that was encoded before under its title is not encoded again."""
    described: list[Change] = [Put(article, None) for article, how in decided if how == "described"]
    fresh = [article for article, how in decided if how in ("added", "changed", "mended")]
    mended = {article.id for article, how in decided if how == "mended"}
    with catalog.reading() as connection:
        reused = {
            article.id: None if article.id in mended else reusable_passages(connection, generation, article)
            for article in fresh
        }
    unknown = [article for article in fresh if reused[article.id] is None]

    def encoded(passages: int) -> None:
        report.encoded += passages
        step(report)

    passages = encode(unknown, generation.recipe, encoder, encoded)
    new = dict(zip((article.id for article in unknown), passages, strict=True))
    return described + [
        Put(article, reused[article.id] or new[article.id], anew=article.id in mended) for article in fresh
    ]
