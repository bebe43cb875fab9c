"""Which file an article's id belongs to, and under which PATH its file is withdrawn.

Looks at files, because a claim ends when its file is gone or gives itself another id. Changes nothing.
"""

from dataclasses import replace
from pathlib import Path

from indexer.addresses import is_address
from indexer.article import Article, RawArticle
from indexer.errors import ReadError
from indexer.planning import Current
from indexer.readers import read_file
from indexer.sources import Found


def collision(found: Found, before: Current | None, seen: set[str]) -> ReadError | None:
    """Return what is wrong when two files, or a file and an address, claim one id.

    An id belongs to the file that had it first, for as long as that file is there and, where the id
    stands in the file, still says so.
    """
    article = found.article
    where = _where(article)
    mend = "give one of the two another id in its front matter"
    if article.id in seen:
        return ReadError(where, f"a second article with the id {article.id!r}", mend)
    if article.root is None or before is None or before.file is None or not before.file.is_file():
        return None
    same_file = not is_address(article.root) and before.file.samefile(where)
    if same_file or (found.named and not _still_named(before.file, article.id)):
        return None
    return ReadError(where, f"its id {article.id!r} belongs to {before.file}", mend)


def _where(article: Article) -> str:
    if article.root is None:
        return article.id
    return article.root if is_address(article.root) else str(Path(article.root, article.path or ""))


def rooted(article: Article, before: Current | None) -> Article:
    """Return the article as part of the widest PATH that its file was ever given by.

    Whoever indexes a folder and later one of its files again still withdraws that file with the folder.
    """
    if before is None or before.file is None or article.root is None or before.root == article.root:
        return article
    same_file = before.file == Path(article.root, article.path or "")
    wider = before.root is not None and len(before.root) < len(article.root)
    return replace(article, root=before.root, path=before.path) if same_file and wider else article


def _still_named(file: Path, identity: str) -> bool:
    """Tell whether a file of one article still gives itself this id; a collection of many is not read."""
    if file.suffix in (".jsonl", ".gz") or not file.is_file():
        return False
    return any(isinstance(raw, RawArticle) and raw.id == identity for raw in read_file(file))
