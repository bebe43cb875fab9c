"""Claims: the quotations in somebody's answer, read from JSON or from plain text.

Knows the forms in which quotations come: civicite's own answers, lists of quotes, the W3C's
TextQuoteSelector, other services' citations, and prose with quotation marks or block quotes. Knows nothing
of the catalog.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer import InputError, is_text
from service.verdicts import AlsoStated, Claim

MOST_CLAIMS = 1000
MOST_COPIES = 1000
MOST_QUOTED = 200_000
"""Quotations of an answer, the copies that they list, and characters of all quotations together.

Each is compared with the whole catalog, which takes time in proportion to its length.
"""

FEWEST_WORDS = 3
"""Words between quotation marks in prose that make a quotation; fewer are a title or a manner of speaking."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The quotations of one answer, and those words of civicite's own answers that no quotation holds."""

    claims: tuple[Claim, ...]
    unquoted: str | None = None


def read_claims(content: str, where: str) -> Claims:
    """Read an answer file's content: JSON when it looks like it, else text.

    Raises InputError, naming ``where``, when it holds no quotation or a field does not fit.
    """
    if content.lstrip()[:1] in ("{", "["):
        try:
            found = claims_of(json.loads(content), where)
        except (ValueError, RecursionError) as error:
            raise InputError(
                where, f"it is not valid JSON ({error})", "mend it, or give plain text"
            ) from error
    else:
        found = Claims(tuple(map(Claim, quotations(content))))
    if not found.claims:
        raise InputError(
            where, "it holds no quotation", "put what is quoted in quotation marks, or give JSON"
        )
    check_amount(found.claims, where)
    return found


def check_amount(claims: Sequence[Claim], where: str) -> None:
    """Raise InputError for more than is verified at a time."""
    for amount, most, what in (
        (len(claims), MOST_CLAIMS, "quotations"),
        (sum(len(claim.also_in) for claim in claims), MOST_COPIES, "copies of quotations"),
        (sum(len(claim.quote) for claim in claims), MOST_QUOTED, "quoted characters"),
    ):
        if amount > most:
            raise InputError(where, f"it holds {amount} {what}", f"give {most} at most")


def claims_of(value: object, where: str = "") -> Claims:
    """Read the quotations of a JSON value: an answer, an object with a list of them, or such a list.

    Of an object all is read that may quote, its lists first, so that nothing passes unseen beside what is
    verified. ``where`` is empty when the object is a request.
    """
    if not isinstance(value, Mapping):
        return Claims(tuple(_listed(value, where)))
    claims: list[Claim] = []
    unquoted: list[str] = []
    while True:
        claims += _stated(value, where)
        beyond = _unquoted(value, claims, where)
        unquoted += [beyond] if beyond is not None else []
        whole = value.get("answer")
        if not isinstance(whole, Mapping):
            return Claims(tuple(claims), " ".join(unquoted) or None)
        value, where = whole, _at(where, "answer")


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks, and block quotes, in the order of the text."""
    found = []
    for match in _QUOTED.finditer(text):
        if match["block"] is not None:
            quote = re.sub(r"(?m)^[ \t]*>[ \t]?", "", match["block"]).strip()
        else:
            quote = next(group for name, group in match.groupdict().items() if name != "block" and group)
        if len(re.findall(r"\w+", quote)) >= FEWEST_WORDS:
            found.append(quote)
    return found


# One block of lines that begin with ">", or the shortest stretch between a mark and its counterpart.
_QUOTED = re.compile(
    r"(?P<block>(?m:^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)*))"
    r"|“(?P<double>[^“”]+)”|„(?P<low>[^„“”]+)[“”]|«(?P<angles>[^«»]+)»|「(?P<corners>[^「」]+)」"
    r'|"(?P<straight>[^"\n]+)"'
)


_LISTS = ("citations", "quotes", "quotations")
_TEXTS = ("answer", "text")


def _stated(value: Mapping[str, Any], where: str) -> Iterator[Claim]:
    """Yield the quotations of one object: those that it lists, its own, and those of its texts beside."""
    lists = [name for name in _LISTS if name in value]
    listed = [claim for name in lists for claim in _listed(value[name], _at(where, name))]
    yield from listed
    # An answer of civicite's is quotations without marks: whatever they do not cover is unquoted.
    texts = [
        name
        for name in _TEXTS
        if isinstance(value.get(name), str) and not (name == "answer" and _is_own(value))
    ]
    quotes = any(value.get(name) is not None for name in _NAMES["quote"] if name not in _TEXTS)
    if quotes or not (lists or texts or isinstance(value.get("answer"), Mapping)):
        yield _claim(value, where)
    known = {claim.quote for claim in listed}
    for name in texts:
        found = quotations(whole(value[name], _at(where, name)))
        yield from (Claim(quote) for quote in found if quote not in known)


def _is_own(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is an answer of civicite's."""
    return "sentences" in value and any(name in value for name in _LISTS)


def _at(where: str, name: str) -> str:
    return f"{where}: {name}" if where else name


def _listed(value: object, where: str) -> Iterator[Claim]:
    if not isinstance(value, list):
        raise InputError(where, "it is no list", "give a list of quotations")
    for number, one in enumerate(value, 1):
        yield _claim(one, f"{where} {number}")


_NAMES = {
    "quote": ("quote", "exact", "cited_text", "text"),
    "article_id": ("article_id", "document_id"),
    "revision": ("revision",),
    "sha256": ("sha256",),
    "start": ("start",),
    "end": ("end",),
    "prefix": ("prefix",),
    "suffix": ("suffix",),
    "url": ("url", "source"),
    "title": ("title", "document_title"),
}
"""Our field, and the names that others give it."""

_WHOLE_NUMBERS = {"revision", "start", "end"}


def _claim(value: object, where: str) -> Claim:
    if isinstance(value, str):
        return Claim(whole(value, where))
    if not isinstance(value, Mapping):
        raise InputError(where, "it is neither a text nor an object", "give a text or an object with 'quote'")
    fields: dict[str, Any] = {}
    for field, names in _NAMES.items():
        given = next((value[name] for name in names if value.get(name) is not None), None)
        if given is not None:
            fields[field] = _checked(field, given, where)
    if "quote" not in fields:
        raise InputError(where, "it has no quote", "give the quoted words as 'quote'")
    copies = value.get("also_in") or []
    if not isinstance(copies, list):
        raise InputError(f"{where}: also_in", "it is no list", "give a list")
    return Claim(**fields, also_in=tuple(_also(copy, f"{where}: also_in") for copy in copies))


def _checked(field: str, given: object, where: str) -> object:
    kind, words = (int, "a whole number") if field in _WHOLE_NUMBERS else (str, "a text")
    if not isinstance(given, kind) or isinstance(given, bool) or (kind is int and not 0 <= given < 2**63):  # type: ignore[operator]
        raise InputError(f"{where}: {field}", "it does not fit", f"give {words}")
    return whole(given, f"{where}: {field}") if isinstance(given, str) else given


def whole(text: str, where: str) -> str:
    """Return a text that can be looked up and sent back; JSON may hold halves of characters."""
    if not is_text(text):
        raise InputError(where, "it holds half of a surrogate pair", "give whole characters")
    return text


def _also(value: object, where: str) -> AlsoStated:
    if not isinstance(value, Mapping):
        raise InputError(where, "it is no object", "give article_id, revision, start and end")
    numbers = [_checked(name, value.get(name), where) for name in ("revision", "start", "end")]
    return AlsoStated(str(_checked("article_id", value.get("article_id"), where)), *numbers)  # type: ignore[arg-type]


def _unquoted(answer: Mapping[str, Any], claims: Sequence[Claim], where: str) -> str | None:
    """Return what civicite's own answer says beyond its quotations, None when that is nothing."""
    said = answer.get("answer")
    if not isinstance(said, str) or not _is_own(answer):
        return None
    said = whole(said, _at(where, "answer"))
    for quote in sorted((claim.quote for claim in claims), key=len, reverse=True):
        said = said.replace(quote, "", 1)
    return " ".join(re.sub(r"\[\d+\]", " ", said).split()) or None
