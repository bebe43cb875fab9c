"""An article's way from the bytes of a file to passages, with what each step made of it.

For looking inside: nothing is encoded and nothing is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.article import Article, Passage, RawArticle, Sentence
from indexer.encoder import Encoder
from indexer.encoding import segmented
from indexer.errors import ReadError
from indexer.readers import read_file
from indexer.sources import articles, find


@dataclass(frozen=True, slots=True)
class Trace:
    """What each step made of an article.

    ``raw`` is what the reader found, ``article`` what cleaning and description made of it; sentences and
    passages are spans of ``article.text``, as an index keeps them.
    """

    raw: RawArticle
    article: Article
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]

    @property
    def removed(self) -> tuple[str, ...]:
        """The lines that the reader found and cleaning took away or altered, in order."""
        kept = {line.strip() for line in self.article.text.splitlines()}
        lines = (line.strip() for line in self.raw.text.splitlines())
        return tuple(line for line in lines if line and line not in kept)


def trace(file: Path, encoder: Encoder) -> Iterator[Trace]:
    """Follow each article of a file; the encoder counts tokens, which decide where passages end.

    Raises ReadError for what cannot be taken in, InputError when there is no such file.
    """
    (source,) = find([file])
    for raw, found in zip(read_file(source.file), articles(source), strict=True):
        if isinstance(raw, ReadError):
            raise raw
        if isinstance(found, ReadError):
            raise found
        divided = segmented(found.article, encoder)
        yield Trace(raw, found.article, divided.sentences, divided.passages)
