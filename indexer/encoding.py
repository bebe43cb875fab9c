"""From articles to stored passages: segmented, given their context, encoded in one stream.

Pure but for the encoder it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.article import Article, Passage, Sentence, Span
from indexer.encoder import Document, Encoder, Progress
from indexer.passages import passages
from indexer.recipe import Recipe
from indexer.segment import sentences
from indexer.storage import StoredPassage, store


@dataclass(frozen=True, slots=True)
class Segmented:
    """An article with its final sentences and its passages."""

    article: Article
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]


def segmented(article: Article, encoder: Encoder) -> Segmented:
    """Divide an article's text into sentences and passages that fit the encoder's window."""
    divided, runs = passages(article.text, sentences(article.text), encoder.count_tokens, encoder.window)
    return Segmented(article, divided, runs)


def encode(
    articles: Sequence[Article], recipe: Recipe, encoder: Encoder, progress: Progress | None = None
) -> list[tuple[StoredPassage, ...]]:
    """Segment and encode articles; returns each one's passages in order, ready to be committed.

    ``progress`` is called with 0 after each that was segmented.
    """
    divided = list[Segmented]()
    for article in articles:
        divided.append(segmented(article, encoder))
        if progress is not None:
            progress(0)
    documents = [_document(one, passage, recipe) for one in divided for passage in one.passages]
    vectors = iter(encoder.documents(documents, progress))
    return [
        tuple(
            store(one.article.text, passage, one.sentences, _context(one, passage, recipe), next(vectors))
            for passage in one.passages
        )
        for one in divided
    ]


def _context(one: Segmented, passage: Passage, recipe: Recipe) -> str:
    return recipe.context(one.article.metadata.title, one.article.text[passage.start : passage.end])


def _document(one: Segmented, passage: Passage, recipe: Recipe) -> Document:
    own = one.sentences[passage.first : passage.last]
    return Document(
        text=one.article.text[passage.start : passage.end],
        sentences=tuple(Span(s.start - passage.start, s.end - passage.start) for s in own),
        context=_context(one, passage, recipe),
    )
