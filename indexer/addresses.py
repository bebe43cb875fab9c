"""Web addresses: one written form for each, the article id that it gives, and how to know its content again.

Knows which parameters of a query only follow readers about. Fetches nothing and resolves no name.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from indexer.errors import ReadError

TRACKING = re.compile(
    r"utm_\w+|(?:fb|g|d|y|tw|tt)clid|msclkid|gclsrc|[gw]braid|igsh(?:id)?|mc_[ce]id|_hs(?:enc|mi)|mkt_tok|"
    r"oly_(?:anon|enc)_id|vero_id|_openstat|wt_mc|_g[al]",
    re.IGNORECASE,
)
"""Parameters that never choose what is shown. ``ref``, ``source``, ``cid`` and ``uid`` are not among them:
on many sites of authorities they name the article."""
HIGHEST_PORT = 65_535
ESCAPED = re.compile(r"(?:%[89A-F][0-9A-F])+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to recognise the content at an address again."""

    address: str
    etag: str | None
    last_modified: str | None


def is_address(text: str) -> bool:
    """Tell whether a PATH is an address to fetch and not a file."""
    return re.match(r"https?://", text, re.IGNORECASE) is not None


def normal_address(text: str) -> str:
    """The one written form of an address: no fragment, no tracking, no default port, host in lower case.

    Raises ReadError for what is no address, and for one that carries a password.
    """
    import httpx

    try:
        url = httpx.URL(text.strip())
        host, port = url.host, url.port or 0  # only now names in Punycode are looked at
    except (httpx.InvalidURL, ValueError) as error:
        raise ReadError(text, f"is no address ({error})", "write it as https://example.org/page") from error
    if url.scheme not in ("http", "https") or not host or "%" in host or port > HIGHEST_PORT:
        raise ReadError(text, "is no address that can be fetched", "write it as https://example.org/page")
    if url.userinfo:
        raise ReadError(
            str(url.copy_with(username=None, password=None)),
            "is given with a user's name or password",
            "leave them out, or save the page and index the file",
        )
    kept = "&".join(
        part for part in url.query.decode().split("&") if part and not TRACKING.fullmatch(part.split("=")[0])
    )
    path = url.raw_path.partition(b"?")[0] or b"/"
    return str(url.copy_with(raw_path=path + (f"?{kept}".encode() if kept else b""), fragment=None))


def identity_of(address: str) -> str:
    """The id of the article at an address in its normal form.

    It is that address, with letters and digits of any script shown as themselves and not percent-encoded.
    """
    return unicodedata.normalize("NFC", ESCAPED.sub(lambda match: _shown(match[0]), address))


def _shown(escaped: str) -> str:
    try:
        text = unquote_to_bytes(escaped).decode("utf-8")
    except UnicodeDecodeError:
        return escaped
    return text if all(unicodedata.category(each)[0] in "LMN" for each in text) else escaped
