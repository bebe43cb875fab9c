"""Every reader by its own format; the seam by whatever may be wrong with a file."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fpdf import FPDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.article import RawArticle
from indexer.clean import clean
from indexer.errors import ReadError
from indexer.readers import READERS, SUFFIXES, read, read_file


def only_article(name: str, content: bytes) -> RawArticle:
    (found,) = read(name, content)
    assert isinstance(found, RawArticle), found
    return found


def only_error(name: str, content: bytes) -> ReadError:
    (found,) = read(name, content)
    assert isinstance(found, ReadError), found
    return found


def pdf(*pages: list[str], title: str = "") -> bytes:
    document = FPDF()
    document.set_title(title)
    for page in pages:
        document.add_page()
        document.set_font("Helvetica", size=11)
        for paragraph in page:
            document.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT")
            document.ln(5)
    return bytes(document.output())


def docx_bytes(document: object) -> bytes:
    stream = io.BytesIO()
    document.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


# --- the seam


def test_every_suffix_has_a_reader_and_no_more() -> None:
    assert set(SUFFIXES) == set(READERS)
    assert {".md", ".txt", ".html", ".pdf", ".docx", ".jsonl", ".jsonl.gz"} <= set(SUFFIXES)


def test_importing_the_readers_imports_no_format_library() -> None:
    heavy = "trafilatura", "pypdf", "docx", "charset_normalizer", "lxml", "markdown_it", "yaml"
    code = f"import sys, indexer.readers; print([m for m in {heavy} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    suffix=st.sampled_from(SUFFIXES), content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode)
)
def test_arbitrary_bytes_give_articles_or_errors_and_never_raise(suffix: str, content: bytes) -> None:
    for found in read(f"any{suffix}", content):
        assert isinstance(found, RawArticle | ReadError)


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".html", ".md", ".jsonl.gz"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_damaged_bytes_give_articles_or_errors_and_never_raise(suffix: str, random: object) -> None:
    content = bytearray(SOUND[suffix])
    for _ in range(5):
        content[random.randrange(len(content))] = random.randrange(256)  # type: ignore[attr-defined]
    for found in read(f"damaged{suffix}", bytes(content)):
        assert isinstance(found, RawArticle | ReadError)


SOUND = {
    ".pdf": pdf(["The bridge opened in spring."], ["It closed in autumn."]),
    ".docx": docx_bytes(Document()),
    ".html": b"<html><body><p>The bridge opened in spring.</p></body></html>",
    ".md": b"---\nid: bridge\ntitle: Bridge\n---\n\nThe bridge *opened* in spring.\n\n- one\n- two\n",
    ".jsonl.gz": gzip.compress(b'{"_id": "1", "title": "Bridge", "text": "It opened."}\n', mtime=0),
}


@pytest.mark.parametrize(
    ("name", "content", "part_of_message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\n ", "white space"),
        ("a.txt", b"%PDF-1.7 ...", "name it .pdf"),
        ("a.md", b"PK\x03\x04rest", "name it .docx"),
        ("a.txt", b"ab\0cd", "NUL"),
        ("a.txt", b"\xff\xfea", "save it as UTF-8"),
        ("a.txt", bytes(range(128, 256)) * 4, "no encoding that can be told"),
        ("a.odt", b"text", "use one of"),
        ("a.pdf", b"no pdf at all", "no PDF"),
        ("a.docx", b"no zip at all", "no Word document"),
        ("a.docx", b"\xd0\xcf\x11\xe0old", "without a password"),
        ("a.html", b"<html><body><script>1</script></body></html>", "shows no text"),
        ("a.md", b"---\ntitle: Only this\ntags: [a\n---\nText", "no YAML"),
        ("a.md", b"---\nplace: {city: Pell}\n---\nText", "a.md:2: place: is nested"),
        ("a.md", b"---\ntitle: X\npublished: last spring\n---\nText", "a.md:3: published"),
        ("a.md", b"---\nid: two words\n---\nText", "white space"),
        ("a.md", b"---\ntitle: X\nTitle: Y\n---\nText", "twice"),
        ("a.md", b"---\ncity: Pell\n---\n", "no text"),
        ("a.md", b"---\ntitle: Only a title\n---\n", "no text"),
        ("a.md", b"---\nurl: pell.example/a\n---\nText", "a.md:2: url: 'pell.example/a' is no address"),
        ("a.md", b'+++\ntitle = "X"\n+++\nText', "write it as YAML"),
        ("a.md", b"---\ntitle: X\n\nText", "has no end"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_mends_it(
    name: str, content: bytes, part_of_message: str
) -> None:
    error = only_error(name, content)
    assert part_of_message in str(error)
    assert str(error).startswith("a.")
    assert "\n" not in str(error)


def test_a_file_over_the_limit_is_refused() -> None:
    (error,) = read("a.txt", b"x" * 11, limit_bytes=10)
    assert "larger than 10 bytes" in str(error)


def test_files_that_cannot_be_opened_are_errors_that_name_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    for path in (tmp_path / "missing.txt", folder, tmp_path, Path("nul\0.txt")):
        (error,) = read_file(path)
        assert isinstance(error, ReadError)
        assert str(path) in str(error)


def test_a_file_over_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("word " * 100)
    (error,) = read_file(path, limit_bytes=100)
    assert "larger than 100 bytes" in str(error)


def test_the_digest_is_of_the_bytes_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")
    (found,) = read_file(path)
    assert isinstance(found, RawArticle)
    assert found.raw_sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


# --- text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_text_is_read_in_the_encoding_it_is_in(encoding: str) -> None:
    text = "한들시는 골목 빗물정원 열두 곳을 만들었다. 주민이 함께 가꾸고 내년에 더 만든다."
    assert only_article("a.txt", (text * 5).encode(encoding)).text == text * 5


def test_a_latin_text_without_a_mark_is_told_by_its_letters() -> None:
    text = (
        "Le conseil a décidé d'élargir la chaussée près de l'école après l'été. La fête a été reportée. " * 8
    )
    assert only_article("a.txt", text.encode("cp1252")).text == text


def test_a_short_text_with_curly_quotation_marks_and_a_euro_sign_is_read_in_the_encoding_of_windows() -> None:
    text = "The mayor’s plan\n\nThe tram costs €41 million – “not a penny more,” says the mayor’s office.\n"
    assert only_article("a.txt", text.encode("cp1252")).text == text


def test_lines_wrapped_at_a_width_are_joined_and_items_are_not() -> None:
    wrapped = (
        "The council met on Tuesday to hear what the river had done to the old\n"
        "mill and to the two bridges below it. It was agreed that nobody may\n"
        "cross the lower bridge until it has been looked at by an engineer who\n"
        "does not work for the builder.\n\n"
        "- The mill is closed.\n- The bridge is closed.\n\n"
        "A second meeting is held in June, when the water has gone down and the\n"
        "costs are known.\n"
    )
    first, items, last = only_article("a.txt", wrapped.encode()).text.split("\n\n")
    assert first.endswith("looked at by an engineer who does not work for the builder.")
    assert items.split("\n") == ["- The mill is closed.", "- The bridge is closed."]
    assert last.endswith("the water has gone down and the costs are known.")


def test_short_lines_that_are_not_wrapped_stay_as_they_are() -> None:
    text = (
        "Date: 3 May\nTime: 9 AM\nVenue: Old Rope Factory\nHost: League of Harbours\nFee: none\nFood: yes\n"
    )
    assert only_article("a.txt", text.encode()).text == text


# --- Markdown


def test_front_matter_becomes_metadata_and_everything_else_facets() -> None:
    source = (
        "---\nid: shade-map\ntitle: Map of Shade\npublisher: City of Corvale\nauthor: [Ada Low, Ben High]\n"
        "source: https://corvale.example/shade\ndate: 2021-07-03\nlanguage: en\n"
        "country: NO\ncity: [Corvale, Pell]\nEvent Type: opening\nempty:\n---\n# Map of Shade\n\nText.\n"
    )
    found = only_article("a.md", source.encode())
    metadata = found.metadata
    assert found.id == "shade-map"
    assert (metadata.title, metadata.publisher, metadata.author) == (
        "Map of Shade",
        "City of Corvale",
        "Ada Low, Ben High",
    )
    assert (metadata.url, metadata.published, metadata.language) == (
        "https://corvale.example/shade",
        "2021-07-03",
        "en",
    )
    assert metadata.facets == (
        ("city", ("Corvale", "Pell")),
        ("country", ("NO",)),
        ("event_type", ("opening",)),
    )
    assert found.text == "Map of Shade\n\nText."


def test_values_under_two_spellings_of_one_facet_are_all_read() -> None:
    line = {"_id": "a", "text": "Text.", "metadata": {"City": "Seoul", "city": ["Incheon", "Seoul"]}}
    found = only_article("a.jsonl", json.dumps(line).encode())
    assert found.metadata.facets == (("city", ("Seoul", "Incheon")),)


def test_front_matter_may_stand_below_blank_lines() -> None:
    found = only_article("a.md", b"\xef\xbb\xbf\r\n\r\n---\r\ntitle: Pell\r\n---\r\nIt rained.")
    assert (found.text, found.metadata.title) == ("Pell\n\nIt rained.", "Pell")


def test_a_title_that_is_only_the_beginning_of_a_word_is_not_yet_printed() -> None:
    found = only_article("a.md", "---\ntitle: 다리\n---\n다리가 열렸다.".encode())
    assert found.text == "다리\n\n다리가 열렸다."


def test_a_footnote_keeps_its_number_in_brackets() -> None:
    found = only_article("a.md", b"It leaks.[^1] It is old.\n\n[^1]: Measured in 2018.")
    assert found.text == "It leaks.[1] It is old.\n\n[1] Measured in 2018."


def test_a_title_that_the_text_does_not_begin_with_becomes_its_first_line() -> None:
    assert only_article("a.md", b"---\ntitle: Shade\n---\nTrees.").text == "Shade\n\nTrees."


def test_markdown_loses_its_marks_and_keeps_its_words() -> None:
    source = (
        "# Heading *one*\n\nA [link](http://x.example) and **bold**\n"
        "and `code`, ![a picture](p.png).\\\nNext line.\n\n"
        "> Quoted.\n\n* first\n* second\n  * nested\n\n3. three\n4. four\n\n"
        "| Line | Stops |\n|---|---|\n| N1 | 14 |\n\n```\nx  =  1\n```\n\n<p>Raw &amp; plain</p>\n\n"
        "---\n\nEnd<br>here.\n"
    )
    assert only_article("a.md", source.encode()).text == (
        "Heading one\n\nA link and bold and code, a picture.\nNext line.\n\n"
        "Quoted.\n\n• first\n• second\n• nested\n\n3. three\n4. four\n\n"
        "Line | Stops\nN1 | 14\n\nx  =  1\n\nRaw & plain\n\nEnd\nhere."
    )


def test_a_rule_at_the_top_without_an_end_is_no_front_matter() -> None:
    assert only_article("a.md", b"---\nText goes on.").text == "Text goes on."


# --- HTML


def test_an_html_page_in_a_declared_encoding_is_read_in_it() -> None:
    sentence = "한들시는 빗물정원을 만들었다."
    page = f'<html><head><meta charset="euc-kr"><title>x</title></head><body><p>{sentence}</p></body></html>'
    assert sentence in only_article("a.html", page.encode("euc-kr")).text


@pytest.mark.parametrize(
    ("declared", "encoding", "sentence"),
    [
        ("iso-8859-1", "cp1252", "The tram costs €41 million – “not a penny more”, says the mayor’s office."),
        ("iso-8859-1", "utf-8", "Le pont de l’Évêché a été fermé."),
        ("iso-8859-1", "cp949", "한들시는 골목 빗물정원 열두 곳을 만들었다. 주민이 함께 가꾼다."),
        ("ks_c_5601-1987", "cp949", "한들시는 똠방각하 거리를 넓혔다."),
        ("gb2312", "gb18030", "市政府開放了新的步行橋。"),
        ("no-such-code", "utf-8", "Le pont de l’Évêché a été fermé."),
    ],
)
def test_an_html_page_that_declares_a_wrong_encoding_loses_no_character(
    declared: str, encoding: str, sentence: str
) -> None:
    page = f'<html><head><meta charset="{declared}"></head><body><p>{sentence}</p></body></html>'
    assert sentence in only_article("a.html", page.encode(encoding)).text


def test_a_raised_footnote_number_is_a_reference_and_an_exponent_is_none() -> None:
    body = (
        '<p>The shed is old.<sup><a href="#n1">1</a></sup> It covers 40 m<sup>2</sup>.'
        '<a href="#n2"><sup>2</sup></a></p><ol><li id="n1">Lent until 2031. <a href="#r1">↩</a></li></ol>'
    )
    text = only_article("a.html", f"<html><body>{body}</body></html>".encode()).text
    assert text == "The shed is old.[1] It covers 40 m2.[2]\n\n1. Lent until 2031."


def test_text_before_a_footer_or_an_aside_belongs_to_what_holds_both() -> None:
    body = (
        "<p>The council met on Tuesday.</p><blockquote>“Water is a right,” said the mayor."
        "<footer>— T. Vance</footer></blockquote><div>It ended at noon.<aside>Related: fish</aside></div>"
    )
    text = only_article("a.html", f"<html><body>{body}</body></html>".encode()).text
    assert "“Water is a right,” said the mayor.\n\n— T. Vance\n\nIt ended at noon." in text


def test_an_aside_within_an_article_stays_if_it_is_to_be_read_and_goes_if_it_leads_away() -> None:
    body = (
        "<main><h1>Walls</h1><p>The harbour of Osterby needs a new wall of 200 metres before winter.</p>"
        "<aside><p>The old wall was built in 1904 from the stones of the castle.</p></aside>"
        "<aside><a>Fish prices fall</a> <a>Ferries run late</a></aside></main>"
    )
    text = only_article("a.html", f"<html><body>{body}</body></html>".encode()).text
    assert "stones of the castle" in text
    assert "Fish" not in text


def test_cells_keep_their_words_and_their_places() -> None:
    rows = (
        "<tr><td></td><th>2022</th><th>2023</th></tr><tr><td>two<br>persons</td><td>9 m<sup>3</sup></td></tr>"
    )
    text = only_article(
        "a.html", f"<html><body><p>Prices.</p><table>{rows}</table></body></html>".encode()
    ).text
    assert text == "Prices.\n\n| 2022 | 2023\ntwo persons | 9 m3"


def test_a_list_is_numbered_as_its_page_shows_it() -> None:
    body = '<p>Steps.</p><ol type="a"><li>one</li><li>two</li></ol><ol start="3"><li>three</li></ol>'
    text = only_article("a.html", f"<html><body>{body}</body></html>".encode()).text
    assert text == "Steps.\n\na. one\nb. two\n3. three"


def test_links_and_times_side_by_side_are_words_of_their_own() -> None:
    body = "<p><time>3 May 2020</time><time>4 June 2021</time>, see <a>map</a><a>plan</a> and <b>H</b>2O.</p>"
    text = only_article("a.html", f"<html><body>{body}</body></html>".encode()).text
    assert text == "3 May 2020 4 June 2021, see map plan and H2O."


@pytest.mark.parametrize(
    "around",
    [
        "<div class='content'><h1>Harbour</h1>{}</div>",
        "<main><article><h1>Harbour</h1>{}</article></main>",
        "<div><div><h1>Harbour</h1></div><div>{}</div></div>",
        "<table><tr><td><a>Home</a></td><td><b>Harbour</b><br><br>{}</td></tr></table>",
    ],
    ids=["div", "article", "divs", "table"],
)
def test_no_sentence_of_the_main_text_is_lost_whatever_element_holds_it(around: str) -> None:
    sentences = [
        f"Sentence number {number} says something about the harbour of Osterby." for number in range(13)
    ]
    body = (
        "<p>{}</p><ul><li>{}</li><li><p>{}</p></li></ul><blockquote>{}</blockquote>"
        "<dl><dt>Term</dt><dd>{}</dd></dl><table><tr><td>{}</td><td>x</td></tr></table>"
        "<figure><figcaption>{}</figcaption></figure><div>{}<br></div>{}<br><br>{}"
        "<details><summary>More</summary><p>{}</p></details><div class='text-banner'><p>{}</p></div><p>{}</p>"
    ).format(*sentences)
    page = (
        "<html><body><nav><a>Menu entry that is long enough to look like text.</a></nav>"
        f"{around.format(body)}<footer>Imprint of the site.</footer></body></html>"
    )
    text = only_article("a.html", page.encode()).text
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert "Menu entry" not in text
    assert "Imprint" not in text


def test_a_page_laid_out_by_tables_gives_its_article_and_its_rows() -> None:
    sentences = (
        "The council closed the lower bridge on Tuesday evening.",
        "It opens when its piers are mended again.",
    )
    menu = "<div class='menu'><ul><li>Offices</li><li>Permits</li></ul></div>"
    facts = "<table><tr><th>Date</th><td>2022-05-03</td></tr></table>"
    article = f"<h3>Bridge closed</h3>{facts}<div>{'<br>'.join(sentences)}</div>"
    layout = f"<table><tr><td>{menu}</td><td><div>{article}</div></td></tr></table>"
    page = f"<html><head><title>News | City of Pell</title></head><body>{layout}</body></html>"
    assert only_article("a.html", page.encode()).text.split("\n\n") == [
        "Bridge closed",
        "Date | 2022-05-03",
        "\n".join(sentences),
    ]


def test_a_page_too_short_to_tell_its_main_text_is_taken_whole() -> None:
    assert only_article("a.html", b"<p>Closed.</p>").text == "Closed."


# --- PDF

PARAGRAPH = (
    "The river rose quickly in the spring, and the council decided to raise the embankments by half a metre "
    "before the next winter. Meadows above the town will be opened to the water."
)
RIVERS = (("Dorn", "half"), ("lake above the mill", "one third"), ("sea", "a quarter"))


def test_lines_of_a_pdf_paragraph_are_joined_and_pages_are_kept() -> None:
    other = PARAGRAPH.replace("river", "lake").replace("Meadows", "Reed beds")
    found = only_article("a.pdf", pdf([PARAGRAPH, PARAGRAPH], [other]))
    assert found.text == f"{PARAGRAPH}\n\n{PARAGRAPH}\n\n\f{other}"


def test_running_lines_and_page_numbers_of_a_pdf_are_dropped() -> None:
    bodies = [PARAGRAPH.replace("river", river).replace("half", how) for river, how in RIVERS]
    pages = [["Flood Plan 2030", body, f"Page {n} of 3"] for n, body in enumerate(bodies, start=1)]
    assert only_article("a.pdf", pdf(*pages)).text == "\n\n\f".join(bodies)


def test_a_pdf_whose_pages_say_the_same_keeps_its_text() -> None:
    assert PARAGRAPH in only_article("a.pdf", pdf([PARAGRAPH], [PARAGRAPH])).text


def test_a_paragraph_that_runs_over_the_page_is_one_and_the_page_begins_within() -> None:
    article = only_article("a.pdf", pdf(["The bridge was closed because the"], ["river rose on Monday."]))
    assert article.text == "The bridge was closed because the\friver rose on Monday."
    cleaned = clean(article)
    assert cleaned.text == "The bridge was closed because the river rose on Monday."
    assert [cleaned.text[start:][:5] for start in cleaned.page_starts] == ["The b", "river"]


def test_a_pdf_title_counts_only_if_it_is_printed() -> None:
    assert only_article("a.pdf", pdf(["Flood Plan"], title="Flood Plan")).metadata.title == "Flood Plan"
    assert only_article("a.pdf", pdf(["Flood Plan"], title="Template 3")).metadata.title is None


def test_a_pdf_without_text_asks_for_character_recognition() -> None:
    document = FPDF()
    document.add_page()
    document.rect(10, 10, 50, 50)
    assert "character recognition" in str(only_error("a.pdf", bytes(document.output())))


def in_two_columns(left: list[str], right: list[str], footer: str) -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("Times", size=10)
    document.text(15, 20, "Two Bridges")
    for row, pair in enumerate(zip(left, right, strict=True)):
        for across, text in zip((15, 110), pair, strict=True):
            document.text(across, 30 + 5 * row, text)
    document.text(100, 280, footer)
    return bytes(document.output())


LEFT = """The lower bridge was closed in
the autumn of the year because
its piers moved. The council had
asked for a ferry, which is what
the town now has. It takes forty
people across in six minutes now."""
RIGHT = """The upper bridge carries all the
cars since then, some twenty-one
thousand a day, which is a third
more than it was ever built for.
The engineers of the county will
look at all its cables in spring."""


def test_a_pdf_drawn_across_two_columns_of_prose_is_read_column_by_column() -> None:
    text = only_article("a.pdf", in_two_columns(LEFT.split("\n"), RIGHT.split("\n"), "- 1 -")).text
    assert text.split() == f"Two Bridges {LEFT} {RIGHT}".split()


def test_a_table_in_a_pdf_is_read_row_by_row() -> None:
    left = [f"Line {number}" for number in range(7)]
    right = ["from the harbour to the hospital", "to the mill", "ring", "night", "x", "to the castle", "fair"]
    text = only_article("a.pdf", in_two_columns(left, right, "End.")).text
    assert "Line 0 from the harbour to the hospital Line 1 to the mill Line 2 ring" in " ".join(text.split())


def test_a_pdf_most_of_whose_pages_are_scans_gives_its_text_and_names_them() -> None:
    document = FPDF()
    for number in range(3):
        document.add_page()
        document.set_font("Helvetica")
        if number:
            document.image(Image.new("L", (8, 8)))
        else:
            document.cell(0, 6, "Flood plan.")
    article, error = read("a.pdf", bytes(document.output()))
    assert isinstance(article, RawArticle)
    assert "a.pdf: 2 of its 3 pages hold only pictures of text (2, 3)" in str(error)


def test_a_pdf_with_a_password_is_refused_and_one_without_is_read() -> None:
    for password, readable in (("secret", False), ("", True)):
        document = FPDF()
        document.add_page()
        document.set_font("Helvetica")
        document.cell(0, 6, "Flood plan.")
        document.set_encryption(owner_password="owner", user_password=password)  # noqa: S106  a test's own
        (found,) = read("a.pdf", bytes(document.output()))
        assert isinstance(found, RawArticle) is readable
        assert readable or "password" in str(found)


# --- DOCX


def test_a_word_document_is_read_in_order_with_lists_and_tables() -> None:
    document = Document()
    document.add_heading("Map of Shade", 0)
    document.add_paragraph("It was drawn by volunteers.")
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    document.add_paragraph("one", style="List Number")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ["Line", "Stops", "N1", "14"], strict=True
    ):
        cell.text = text
    document.add_paragraph("The end.")
    document.core_properties.title = "Map of Shade"
    found = only_article("a.docx", docx_bytes(document))
    assert found.text == (
        "Map of Shade\n\nIt was drawn by volunteers.\n\n• first\n• second\n1. one\n2. two\n\n"
        "Line | Stops\nN1 | 14\n\nThe end."
    )
    assert (found.metadata.title, found.metadata.author) == ("Map of Shade", None)


def test_a_word_document_shows_what_its_readers_see() -> None:
    document = Document()
    runs = (
        '<w:r><w:t>It stays</w:t></w:r><w:del w:id="1"><w:r><w:delText> shut</w:delText></w:r></w:del>'
        '<w:ins w:id="2"><w:r><w:t xml:space="preserve"> open</w:t></w:r></w:ins>'
        '<w:moveFrom w:id="3"><w:r><w:t>Moved away.</w:t></w:r></w:moveFrom>'
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r><w:r><w:t>.</w:t></w:r>"
    )
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{runs}</w:p>"))
    assert only_article("a.docx", docx_bytes(document)).text == "It stays open."


def test_a_word_documents_notes_follow_under_their_numbers() -> None:
    document = Document()
    runs = '<w:r><w:t>It leaks.</w:t></w:r><w:r><w:footnoteReference w:id="7"/></w:r>'
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{runs}</w:p>"))
    note = '<w:footnote w:id="7"><w:p><w:r><w:t>Measured in 2018.</w:t></w:r></w:p></w:footnote>'
    written = f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>".encode()
    part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, written, document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert only_article("a.docx", docx_bytes(document)).text == "It leaks.[1]\n\n[1] Measured in 2018."


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        ("[Content_Types].xml", b"<x/>", ""),
        ("word/document.xml", b"<x/>", ""),
        ("word/document.xml", b"<x", " (Couldn't find end of Start Tag x line 1, line 1, column 3"),
        ("word/document.xml", None, " (\"There is no item named 'word/document.xml' in the archive\")"),
    ],
)
def test_a_damaged_word_document_is_told_of_in_words_about_the_document(
    part: str, content: bytes | None, reason: str
) -> None:
    damaged = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx_bytes(Document()))) as package,
        zipfile.ZipFile(damaged, "w") as written,
    ):
        for name in package.namelist():
            if name != part:
                written.writestr(name, package.read(name))
            elif content is not None:
                written.writestr(name, content)
    said = str(only_error("a.docx", damaged.getvalue()))
    assert said.startswith(f"a.docx: is no Word document{reason}")
    assert reason or said == "a.docx: is no Word document; open it in Word and save it as .docx"


def test_a_word_document_that_unpacks_to_too_much_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    content = docx_bytes(Document())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        unpacked = sum(part.file_size for part in package.infolist())
    monkeypatch.setattr("indexer.readers.docx.LARGEST_UNPACKED", unpacked - 1)
    assert f"unpacks to {unpacked:,} bytes" in str(only_error("a.docx", content))


def test_a_word_document_of_a_page_that_unpacks_to_much_markup_is_refused_unread() -> None:
    content = docx_bytes(Document())
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(packed, "w", 8) as bomb:
        for part in package.infolist():
            more = b" " * 20_000_000 if part.filename == "word/document.xml" else b""
            bomb.writestr(part.filename, package.read(part) + more)
    assert len(packed.getvalue()) < 100_000
    assert "bytes beside its pictures; split it" in str(only_error("a.docx", packed.getvalue()))


@pytest.mark.parametrize(("paragraphs", "readable"), [(100_000, True), (100_001, False)])
def test_a_word_document_is_read_up_to_a_length_that_no_book_has(paragraphs: int, readable: bool) -> None:
    document = Document()
    one = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * paragraphs
    whole = parse_xml(f"<w:body {nsdecls('w')}>{one}</w:body>")
    document.element.replace(document.element.body, whole)
    (found,) = read("a.docx", docx_bytes(document))
    assert isinstance(found, RawArticle) is readable
    if isinstance(found, ReadError):
        assert "has more than 100,000 paragraphs; split it" in str(found)


def test_a_word_document_of_several_hundred_pages_is_read_to_its_end() -> None:
    pages = 600
    style, numbered = '<w:pStyle w:val="ListNumber"/>', '<w:numPr><w:numId w:val="{}"/></w:numPr>'
    prose = "<w:p><w:r><w:t>" + "The dike holds. " * 25 + "</w:t></w:r></w:p>"
    item = f"<w:p><w:pPr>{style}{numbered}</w:pPr><w:r><w:t>Item.</w:t></w:r></w:p>"
    body = "".join(prose * 6 + item.format(1 + page % 9) * 4 for page in range(pages))
    document = Document()
    document.element.replace(
        document.element.body,
        parse_xml(f"<w:body {nsdecls('w')}>{body}<w:p><w:r><w:t>End.</w:t></w:r></w:p></w:body>"),
    )
    text = only_article("a.docx", docx_bytes(document)).text
    assert text.count("The dike holds.") == 25 * 6 * pages
    assert text.count("Item.") == 4 * pages
    assert text.endswith("\n\nEnd.")


def test_a_text_box_in_a_cell_is_read_once() -> None:
    document = Document()
    cell = document.add_table(1, 1).cell(0, 0)
    box = "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    cell._tc.append(parse_xml(f"<w:p {nsdecls('w')}><w:r><w:t>Round. </w:t></w:r>{box}</w:p>"))
    assert only_article("a.docx", docx_bytes(document)).text == "Round. Boxed."


# --- JSON Lines


def test_a_bad_record_is_an_error_with_its_line_and_the_others_are_read() -> None:
    lines = [
        {"_id": "a", "title": "Bridge", "text": "It opened."},
        {"_id": 7, "title": "", "text": "Seven."},
        {"title": "no id", "text": "x"},
        {"_id": "b", "text": 5},
        {"_id": "a", "text": "again"},
        {"_id": "c d", "text": "x"},
        {"_id": "e", "text": " "},
        ["no object"],
    ]
    content = "\n".join(map(json.dumps, lines)) + '\n\n{"broken\n{"_id": "z", "text": "Last."}'
    found = list(read("c.jsonl", content.encode()))
    articles = [each for each in found if isinstance(each, RawArticle)]
    errors = [str(each).split(";")[0] for each in found if isinstance(each, ReadError)]
    assert [(each.id, each.text) for each in articles] == [
        ("a", "Bridge\n\nIt opened."),
        ("7", "Seven."),
        ("z", "Last."),
    ]
    assert [error.split(": ")[0] for error in errors] == [f"c.jsonl:{n}" for n in (3, 4, 5, 6, 7, 8, 10)]
    assert "_id" in errors[0]
    assert "text" in errors[1]
    assert "earlier line" in errors[2]


def test_a_title_that_the_text_begins_with_is_not_doubled() -> None:
    line = json.dumps({"_id": "a", "title": "The Bridge", "text": "The Bridge\n\nIt opened."})
    assert only_article("c.jsonl", line.encode()).text == "The Bridge\n\nIt opened."


def test_what_does_not_fit_of_a_records_metadata_is_left_out() -> None:
    metadata = {
        "date": "26-FEB-1987 15:01:01.79",
        "city": ["Pell", "Pell", None],
        "nested": {"a": 1},
        "labels": [[6, True]],
        "long": "x" * 201,
        "year": 1987,
        "url": "https://x.example",
    }
    line = json.dumps({"_id": "a", "title": "T", "text": "x", "metadata": metadata})
    found = only_article("c.jsonl", line.encode()).metadata
    assert (found.title, found.published, found.url) == ("T", "1987-02-26", "https://x.example")
    assert found.facets == (("city", ("Pell",)), ("year", ("1987",)))


def test_compressed_and_plain_json_lines_read_alike(tmp_path: Path) -> None:
    content = b'{"_id": "a", "text": "One."}\n{"_id": "b", "text": "Two."}\n'
    plain, packed = tmp_path / "c.jsonl", tmp_path / "c.jsonl.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert list(read_file(plain)) == list(read_file(packed)) == list(read("c.jsonl", content))


def test_a_record_over_the_limit_is_an_error_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"_id": "a", "text": "x" * 500}) + '\n{"_id": "b", "text": "Two."}\n')
    error, article = read_file(path, limit_bytes=100)
    assert isinstance(error, ReadError)
    assert "longer than 100 bytes" in str(error)
    assert isinstance(article, RawArticle)
    assert article.id == "b"


def test_blank_lines_count_and_are_passed_over() -> None:
    lines = b"\n  \n\xef\xbb\xbf\n\r\n" + b'{"_id": "a", "text": "One."}\n' + b"\nno object\n"
    article, error = read("c.jsonl", lines)
    assert isinstance(article, RawArticle)
    assert isinstance(error, ReadError)
    assert error.where == "c.jsonl:7"


def test_an_archive_in_memory_is_unpacked_no_further_than_a_file_may_be_long() -> None:
    first = b'{"_id": "a", "text": "One."}\n'
    fits = gzip.compress(first + b" " * (50_000_000 - len(first)))
    assert only_article("c.jsonl.gz", fits).id == "a"
    article, error = read("c.jsonl.gz", gzip.compress(first + (b" " * 99 + b"\n") * 500_000))
    assert isinstance(article, RawArticle)
    assert str(error) == "c.jsonl.gz: unpacks to more than 50,000,000 bytes; split it"


@pytest.mark.parametrize("name", ["c.jsonl", "a.docx", "a.md", "a.exe"])
def test_what_is_said_of_a_bad_file_holds_nothing_of_what_was_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xff\x00no" * 100)
    for found in (*read(name, b"\xff\x00no" * 100), *read_file(tmp_path / name)):
        assert isinstance(found, ReadError)
        assert (found.__traceback__, found.__cause__, found.__context__) == (None, None, None)


def test_a_truncated_archive_gives_its_records_and_then_an_error() -> None:
    lines = b"".join(b'{"_id": "%d", "text": "Text %d."}\n' % (n, n * n * 7919) for n in range(2000))
    *articles, error = read("c.jsonl.gz", gzip.compress(lines)[:-2000])
    assert isinstance(error, ReadError)
    assert articles
    assert all(isinstance(each, RawArticle) for each in articles)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (error,) = read_file(tmp_path / "pipe.txt")
    assert isinstance(error, ReadError)
    assert "is a pipe or a device" in str(error)
