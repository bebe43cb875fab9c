"""Text to terms: what the lexical side of retrieval sees of a passage or a question.

Latin words are lower-cased, freed of accents and stemmed (Snowball); numbers lose their thousands
separators; Hangul, Han and Kana, which leave no or unreliable spaces between words, become overlapping
bigrams of each run. Knows nothing of scores or of where terms are stored. The rules here are part of the
recipe: changing them asks for a new generation.
"""

import re
import threading
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import Stemmer

if TYPE_CHECKING:
    import regex

VERSION = "terms-1"
"""Part of the recipe; to be raised with every change of the rules in this module."""

STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further had has
    have having he her here hers herself him himself his how i if in into is it its itself just me more
    most my myself no nor not of off on once only or other our ours ourselves out over own same she
    should so some such than that the their theirs them themselves then there these they this those
    through to too under until up very was we were what when where which while who whom whose why will
    with would you your yours yourself yourselves""".split()
)

TOKENS = 16_384
"""Words of which it is kept what they become: with four times as many, a collection is read no sooner."""

_ACRONYM_OR_NUMBER = r"(?<!\w)(?:[A-Z]\.){2,}[A-Z]?|\d+(?:[.,]\d+)*"
_ASCII_TOKEN = re.compile(_ACRONYM_OR_NUMBER + r"|[A-Za-z]+")
_DENSE = r"\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_local = threading.local()


def terms_of(text: str) -> list[str]:
    """The terms of a text in order, repeated as often as they occur."""
    tokens = _ASCII_TOKEN.findall(text) if text.isascii() else _unicode().token.findall(text)
    return [term for token in tokens for term in _token_terms(token)]


def question_terms(question: str) -> list[str]:
    """The distinct terms of a question, in order of first occurrence."""
    return list(dict.fromkeys(terms_of(question)))


def is_dense(term: str) -> bool:
    """Whether the term comes from a script that is written without, or with few, spaces."""
    run = None if term.isascii() else _unicode().run.match(term)
    return run is not None and run.lastgroup is not None


class _Unicode(NamedTuple):
    """Patterns over Unicode's properties, which the standard library's ``re`` does not know."""

    token: "regex.Pattern[str]"
    run: "regex.Pattern[str]"


@cache
def _unicode() -> _Unicode:
    # Imported at the first text that is not ASCII: most questions are, and the import costs as much
    # as the search.
    import regex

    return _Unicode(
        token=regex.compile(_ACRONYM_OR_NUMBER + r"|[\p{L}\p{M}]+"),
        run=regex.compile(rf"(?P<dense>\p{{Script=Hangul}}+|[{_DENSE}]+)|[^{_DENSE}]+"),
    )


@lru_cache(maxsize=TOKENS)
def _token_terms(token: str) -> tuple[str, ...]:
    if token[0].isdigit():
        return (_THOUSANDS.sub("", token),)
    if token.isascii():
        return _word(token.replace(".", ""))
    found: list[str] = []
    for run in _unicode().run.finditer(unicodedata.normalize("NFC", token)):
        found.extend(_bigrams(run.group()) if run.lastgroup else _word(run.group()))
    return tuple(found)


def _bigrams(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


def _word(token: str) -> tuple[str, ...]:
    lowered = token.casefold()
    if lowered in STOP_WORDS and not (token.isupper() and len(token) > 1):  # 'WHO' and 'IT' are names
        return ()
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return (str(_stemmer().stemWord(bare)),) if bare not in {"", "s", "t"} else ()


def _stemmer() -> Stemmer.Stemmer:
    # A Snowball stemmer keeps a buffer of its own and is not safe to share between threads.
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english")
    return _local.stemmer
