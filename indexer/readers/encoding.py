"""Bytes to characters: which encoding a text file is in, or that it is no text at all.

Knows byte order marks, UTF-8 and detection for the rest; knows nothing of formats but their first bytes,
so that a PDF that is named .txt is told from a text in an unknown encoding.
"""

import codecs
import re
import unicodedata

from indexer.errors import ReadError

FIRST_BYTES = (
    (b"%PDF-", "a PDF", "name it .pdf"),
    (b"PK\x03\x04", "a ZIP archive such as DOCX", "name it .docx if Word wrote it, else unpack it"),
    (b"\x1f\x8b", "gzip-compressed", "unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file", "save it as .docx without a password"),
    (b"\x89PNG", "a picture", "index the text instead"),
    (b"\xff\xd8\xff", "a picture", "index the text instead"),
    (b"GIF8", "a picture", "index the text instead"),
    (b"{\\rtf", "an RTF file", "save it as .docx"),
)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
"""What files really hold that declare the encoding on the left, after the WHATWG Encoding Standard."""
WESTERN = frozenset(("cp1252", "iso8859-1", "iso8859-15"))
OUT_OF_USE = """
cp037 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864
cp865 cp866 cp869 cp875 cp1006 cp1026 cp1125 cp1140 hp_roman8 mac_cyrillic mac_greek mac_iceland mac_latin2
mac_roman mac_turkish
""".split()
"""Of DOS, mainframes and old Macs; a short text in the encodings of today often fits them as well."""
SAMPLE_BYTES = 1 << 18
MOST_MESS = 0.1
"""Above this share of improbable characters a detected encoding is not believed."""


def decode(name: str, content: bytes, declared: str | None = None) -> str:
    """The characters of a text file; ``declared`` is an encoding that the file itself names.

    Tried in order: byte order mark, strict UTF-8, declared, detection. Raises ReadError for what is binary
    or cannot be told.
    """
    _refuse_other_formats(name, content)
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS if content.startswith(mark)), None)
    text = _strictly(content, marked) if marked else as_declared(content, declared)
    if text is not None:
        return _without_nul(name, text)
    if marked:
        raise ReadError(name, f"starts as {marked} and goes on as something else", "save it as UTF-8")
    if b"\0" in content:
        raise _binary(name)
    return _detected(name, content)


def as_declared(content: bytes, declared: str | None) -> str | None:
    """The characters in UTF-8 or in the declared encoding; None when the bytes do not look like either."""
    texts = (_strictly(content, encoding) for encoding in _likely(content, declared))
    return next((text for text in texts if text is not None), None)


def _likely(content: bytes, declared: str | None) -> list[str]:
    """UTF-8, which hardly anything else fits by chance, and what is declared if the bytes look like it."""
    try:
        named = codecs.lookup(declared).name if declared else None
    except (LookupError, ValueError):
        named = None
    if named is None or (named in WESTERN and _is_in_runs(content)):
        return ["utf-8"]
    claimed = [WIDER.get(named, named), named]
    return [*claimed, "utf-8"] if content.isascii() or b"\0" in content else ["utf-8", *claimed]


def _is_in_runs(content: bytes) -> bool:
    """Whether bytes beyond ASCII mostly stand together; in Western Europe's languages they stand alone."""
    runs = re.findall(rb"[\x80-\xff]+", content[:SAMPLE_BYTES])
    return sum(map(len, runs)) >= 2 * max(1, len(runs))


def _refuse_other_formats(name: str, content: bytes) -> None:
    beginning = content[:1024].lstrip()
    for first, what, mend in FIRST_BYTES:
        if beginning.startswith(first):
            raise ReadError(name, f"is {what}, not the text its name promises", mend)


def _without_nul(name: str, text: str) -> str:
    if "\0" in text:
        raise _binary(name)
    return text


def _binary(name: str) -> ReadError:
    return ReadError(name, "holds NUL bytes: binary, or UTF-16 without its mark", "save it as UTF-8 text")


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _detected(name: str, content: bytes) -> str:
    """The likeliest encoding's text; of single-byte encodings that fit alike, the one of Western Europe."""
    from charset_normalizer import from_bytes

    sample = content[:SAMPLE_BYTES]
    if len(content) > SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    guesses = [guess for guess in from_bytes(sample, cp_exclusion=OUT_OF_USE) if guess.chaos <= MOST_MESS]
    western = [
        guess.chaos == guesses[0].chaos for guess in guesses if "cp1252" in guess.could_be_from_charset
    ]
    best = "cp1252" if any(western) else guesses[0].encoding if guesses else "utf-8"
    text = _strictly(content, best)
    if text is None or any(unicodedata.category(each) in ("Cn", "Co") for each in set(text)):
        raise ReadError(name, "is in no encoding that can be told with certainty", "save it as UTF-8")
    return _without_nul(name, text)
