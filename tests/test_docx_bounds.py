"""What a Word document may unpack to: its markup is bounded, by whatever name the package calls it."""

import contextlib
import io
import itertools
import zipfile

import pytest
from docx import Document
from docx.oxml import parse_xml

from indexer.article import RawArticle
from indexer.readers import read
from indexer.readers.docx import PARSED


def told(content: bytes) -> str:
    (found,) = read("a.docx", content)
    return found.text if isinstance(found, RawArticle) else str(found)


def document() -> bytes:
    stream = io.BytesIO()
    written = Document()
    written.add_paragraph("The well.")
    written.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["document.dat", "document.png", "document"])
@pytest.mark.parametrize(
    ("more", "answer"), [(0, "The well."), (20_000_000, "beside its pictures; split it")]
)
def test_markup_under_the_name_of_something_else_counts_as_markup(name: str, more: int, answer: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document())) as package, zipfile.ZipFile(packed, "w", 8) as renamed:
        for part in package.namelist():
            content = package.read(part)
            if part.endswith((".rels", "[Content_Types].xml")):
                content = content.replace(b"document.xml", name.encode())
            if part == "word/document.xml":
                content += b" " * more
            renamed.writestr(part.replace("document.xml", name), content)
    assert len(packed.getvalue()) < 100_000
    assert told(packed.getvalue()).endswith(answer)


def test_pictures_fonts_and_films_may_be_larger_than_markup_whatever_their_names() -> None:
    packed = io.BytesIO(document())
    with zipfile.ZipFile(packed, "a", 8) as package:
        for number, begin in enumerate((b"\x89PNG", b"\xff\xd8\xff\xe0", b"\0\1\0\0", b"\0\0\0\x20ftyp")):
            package.writestr(f"word/media/{number}.xml", begin + b"\0" * 6_000_000)
    assert told(packed.getvalue()) == "The well."


def test_whatever_a_parser_takes_for_xml_counts_as_markup() -> None:
    begins = [b"", *(bytes([byte]) for byte in range(256))]
    begins += [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe", b"\xff\xfe\0\0", b"\0\0\xfe\xff"]
    encodings = "ascii", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"
    taken = 0
    for begin, encoding in itertools.product(begins, encodings):
        for declared in "", '<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{encoding}"?>':
            content = begin + f"{declared}<x/>".encode(encoding)
            with contextlib.suppress(SyntaxError):
                parse_xml(content)
                taken += 1
                assert PARSED.match(content[:4]), content
    assert taken > 20
