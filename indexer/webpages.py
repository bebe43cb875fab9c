"""What was fetched from an address becomes articles, through the readers that files go through.

Knows which reader a content type means, and that a header may name the encoding. Fetches nothing.
"""

import codecs
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlsplit

from indexer.addresses import identity_of
from indexer.article import Article, Metadata, RawArticle
from indexer.describing import description_digest
from indexer.errors import ReadError
from indexer.fetching import Fetched
from indexer.planning import Current
from indexer.readers import READERS, suffix_of
from indexer.readers.encoding import as_declared
from indexer.sources import Found, finished

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SUFFIX_OF_TYPE = {
    "application/jsonl": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/pdf": ".pdf",
    "application/x-jsonlines": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/xhtml+xml": ".html",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/x-markdown": ".md",
    WORD: ".docx",
}
VAGUE_TYPES = frozenset(("", "application/octet-stream", "binary/octet-stream", "text/plain"))
"""Types that servers give to whatever they do not know: the address's own suffix tells more."""
FEED_TYPES = frozenset(
    ("application/atom+xml", "application/rdf+xml", "application/rss+xml", "application/xml", "text/xml")
)
IN_CHARACTERS = frozenset((".html", ".md", ".txt"))


def suffix_for(media_type: str, address: str) -> str:
    """The suffix of the reader for what an address holds; raises ReadError when there is none for it."""
    if media_type in VAGUE_TYPES and (suffix := suffix_of(urlsplit(address).path)):
        return suffix
    if media_type in FEED_TYPES:
        raise ReadError(address, f"is {media_type}, no page", "if it is a feed, try 'civicite feed add'")
    if media_type not in SUFFIX_OF_TYPE:
        raise ReadError(
            address,
            f"is {media_type or 'of no stated type'}, which cannot be read",
            "give the address of a page, a text, a PDF or a DOCX",
        )
    return SUFFIX_OF_TYPE[media_type]


def page_articles(
    fetched: Fetched, asked: str, known: Metadata | None = None, identity: str | None = None
) -> Iterator[Found | ReadError]:
    """The articles of what was fetched for the address ``asked``.

    ``known`` fills what the page does not say about itself. With an ``identity`` that is the article's id,
    whatever the content says; without, what the content says prevails over the address.
    """
    suffix = suffix_for(fetched.media_type, fetched.address)
    try:
        for raw in READERS[suffix](fetched.address, _with_encoding(fetched, suffix)):
            yield raw if isinstance(raw, ReadError) else _found(raw, fetched, asked, known, identity)
    except ReadError as error:
        yield error


def steady(article: Article, before: Current | None) -> Article:
    """Return the article without a change that is in its bytes alone, such as a page's time of delivery."""
    if before is None or before.sha256 != article.sha256:
        return article
    as_before = replace(article, raw_sha256=before.raw_sha256)
    return as_before if description_digest(as_before) == before.description else article


def _found(
    raw: RawArticle, fetched: Fetched, asked: str, known: Metadata | None, identity: str | None
) -> Found | ReadError:
    # A page's own word for its address is often a site's front page; where it was read from is certain.
    own = replace(raw.metadata, url=None) if raw.media_type == "text/html" else raw.metadata
    metadata = own.filled_from(Metadata(url=fetched.address)).filled_from(known or Metadata())
    # A record has its own digest; of a page it is that of the bytes that were sent.
    digest = raw.raw_sha256 if raw.id is not None else sha256(fetched.content).hexdigest()
    named = raw.id if identity is None else None
    chosen = named or identity or identity_of(asked)
    try:
        whole = replace(raw, metadata=metadata, raw_sha256=digest)
        return Found(finished(whole, chosen, fetched.address, asked, "."), named=named is not None)
    except ReadError as error:
        return error


def _with_encoding(fetched: Fetched, suffix: str) -> bytes:
    """The content, said to be UTF-8 by a mark where the header's encoding fits and it is not UTF-8 as it is.

    Headers that name an old encoding for what is plainly UTF-8 are common, and wrong.
    """
    content = fetched.content
    if suffix not in IN_CHARACTERS or not fetched.charset or as_declared(content, None) is not None:
        return content
    text = as_declared(content, fetched.charset)
    return content if text is None else codecs.BOM_UTF8 + text.encode("utf-8", "replace")
