"""One batch of a rebuild: what a generation lacks of some articles, encoded, and written as rows.

Knows texts, vectors and rows; when a batch is taken and who may write meanwhile is known to
``rebuilding.py``. Reading, encoding and writing are three steps, so that nothing is encoded within a
transaction; what is written is compared again with what is wanted by then.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from indexer.article import Article, Metadata, text_digest
from indexer.encoder import Encoder, Progress
from indexer.encoding import encode
from indexer.errors import IndexDamaged
from indexer.findings import AGAIN, GIVE_UP
from indexer.generations import Generation, check_recipe
from indexer.planning import reusable_passages
from indexer.recipe import Recipe
from indexer.runs import Run, compared
from indexer.storage import StoredPassage
from indexer.writing import Place, Tally, add_passages, close_passages, write_counts

Passages = dict[tuple[int, int], tuple[StoredPassage, ...]]
"""Encoded passages by the name of their run."""


@dataclass(slots=True)
class Batch:
    """Articles, by their keys, of which something is missing or has ended; and the runs to encode.

    A run whose passages are in ``ready`` has a text that the generation knows already.
    """

    articles: list[int] = field(default_factory=list)
    missing: dict[Run, Article] = field(default_factory=dict)
    ready: Passages = field(default_factory=dict)

    def compare(self, connection: sqlite3.Connection, generation: Generation, article: int) -> int:
        """Take an article into the batch if need be; returns how many characters are to be encoded for it."""
        lacking = compared(connection, generation, [article])
        if lacking.missing or lacking.ended:
            self.articles.append(article)
        characters = 0
        for run in lacking.missing:
            text = _text_of(connection, run)
            self.missing[run] = text
            if stored := reusable_passages(connection, generation, text):
                self.ready[run.name] = stored
            else:
                characters += len(text.text)
        return characters


def encoded(
    batch: Batch, generation: Generation, load_encoder: Callable[[], Encoder], progress: Progress
) -> Passages:
    """Encode a batch's runs, each text with each title once; the encoder is loaded only if there are any.

    Raises RecipeMismatch when its vectors do not belong into the generation.
    """
    fresh = {
        (article.text, run.title): article
        for run, article in batch.missing.items()
        if run.name not in batch.ready
    }
    if not fresh:
        return batch.ready
    encoder = load_encoder()
    check_recipe(generation, Recipe.of(encoder))
    found = encode(list(fresh.values()), generation.recipe, encoder, progress)
    passages = dict(zip(fresh, found, strict=True))
    return {
        run.name: batch.ready.get(run.name) or passages[article.text, run.title]
        for run, article in batch.missing.items()
    }


def write(connection: sqlite3.Connection, generation: Generation, batch: Batch, passages: Passages) -> int:
    """Write a batch's runs as they are wanted now: meanwhile one may have ended, or its text be erased.

    Returns by how many passages alive the generation has grown.
    """
    tally = Tally()
    lacking = compared(connection, generation, batch.articles)
    for run in lacking.ended:
        ended, born = run.to_commit or 0, run.from_commit
        close_passages(connection, run.revision, ended, tally, generation=generation.id, born=born)
        # A change of the title ends passages of the generation that answers, one of the text those of all.
        connection.execute(
            "UPDATE passages SET to_commit = ? WHERE revision = ? AND +generation = ? AND from_commit = ?"
            " AND to_commit > ?",
            (ended, run.revision, generation.id, born, ended),
        )
    for run in lacking.missing:
        place = Place(generation.id, run.article, run.revision, run.from_commit, run.to_commit)
        add_passages(connection, place, passages.get(run.name, ()), tally)
    write_counts(connection, tally)
    return tally.passages[generation.id]


def _text_of(connection: sqlite3.Connection, run: Run) -> Article:
    """Return a run's text under its title, all that encoding needs."""
    identity, number, sha256, text = connection.execute(
        "SELECT a.id, r.number, r.sha256, r.text FROM revisions r JOIN articles a ON a.key = r.article"
        " WHERE r.key = ?",
        (run.revision,),
    ).fetchone()
    if text_digest(text) != sha256:
        raise IndexDamaged(
            f"article {identity!r} revision {number}: its text is not what was written; "
            f"{GIVE_UP if run.to_commit else AGAIN}"
        )
    return Article(identity, text, Metadata(title=run.title), "text/plain", "")
