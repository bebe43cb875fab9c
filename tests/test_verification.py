"""Every quotation is classed rightly, whatever was done to it, over the articles of corpus/."""

import itertools
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import ENCODER, article, put, withdraw
from commandline import civicite
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indexer import Editor, Index, InputError, View, articles, find
from service.claims import claims_of, quotations, read_claims
from service.fragments import covered, fragments_of, runs_of
from service.verdicts import STATUSES, AlsoStated, Claim, Verdict
from service.verification import verify_quote

CORPUS = Path(__file__).parents[1] / "corpus"

VENICE = (
    "Venice raised the first of 78 gates in October 2020. The gates close the lagoon at 1.1 metres of tide. "
    "Ferries wait outside until the water falls. The works cost the state over five billion euros."
)
DELFT = (
    "Delft keeps one of the oldest water boards. Its dikes are walked twice a year by volunteers who look "
    "for moles. The board levies its own tax, as it has since the thirteenth century."
)
SAO_PAULO = (
    "São Paulo’s planners counted 1,500 slopes — most of them in the south – where rain may move the soil."
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("verification") / "index"
    with Editor(folder, lambda: ENCODER) as editor:
        editor.put(found for source in find([CORPUS]) for found in articles(source))
    index = Index.open(folder)
    yield index
    index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    put(
        folder,
        [
            article("venice", VENICE, "Gates of Venice"),
            article("delft", DELFT),
            article("sao-paulo", SAO_PAULO),
        ],
    )
    return folder


def verdict(folder: Path, quote: str, **stated: Any) -> Verdict:
    index = Index.open(folder)
    with index.view() as view:
        found = verify_quote(view, Claim(quote, **stated))
    index.close()
    return found


def texts_of(view: View) -> dict[str, str]:
    return {identity: view.article(identity).text for identity, _, _ in view.articles()}


@st.composite
def places(draw: st.DrawFn, texts: dict[str, str], shortest: int = 35) -> tuple[str, int, int]:
    identity = draw(st.sampled_from(sorted(texts)))
    start = draw(st.integers(0, len(texts[identity]) - shortest))
    end = draw(st.integers(start + shortest, min(len(texts[identity]), start + 300)))
    return identity, start, end


@given(st.data())
@settings(max_examples=100)
def test_what_stands_in_an_article_is_verified_with_or_without_a_source(
    corpus: Index, data: st.DataObject
) -> None:
    with corpus.view() as view:
        texts = texts_of(view)
        identity, start, end = data.draw(places(texts, 1))
        quote = texts[identity][start:end]
        assume(quote.strip())
        for claim in (Claim(quote), Claim(quote, identity), Claim(quote, identity, 1, None, start, end)):
            found = verify_quote(view, claim)
            assert (found.status, found.verified, found.problem) == ("verified", True, None)
            assert found.found is not None
            there = texts[found.found.article_id]
            assert there[found.found.start : found.found.end] == found.found.quote == quote
        assert found.found is not None
        assert (found.found.article_id, found.found.start, found.found.end) == (identity, start, end)


@given(st.data())
@settings(max_examples=150)
def test_one_altered_character_is_noticed_wherever_it_is_and_the_true_span_is_shown(
    corpus: Index, data: st.DataObject
) -> None:
    with corpus.view() as view:
        texts = texts_of(view)
        identity, start, end = data.draw(places(texts))
        quote = texts[identity][start:end]
        # What begins or ends with white space would be shown without it.
        assume(quote == quote.strip())
        at = data.draw(st.integers(0, len(quote) - 1))
        put_in = data.draw(st.characters(codec="utf-8"))
        altered = quote[:at] + put_in + quote[at + data.draw(st.integers(0, 1)) :]
        assume(altered.strip() == altered)
        assume(not any(altered in text for text in texts.values()))
        assume(sum(text.count(quote) for text in texts.values()) == 1)
        found = verify_quote(view, Claim(altered, data.draw(st.sampled_from([None, identity]))))
        assert (found.status, found.verified) == ("altered", False)
        assert found.found is not None
        assert found.found.quote == texts[found.found.article_id][found.found.start : found.found.end]
        if 3 < at < len(quote) - 4:
            # A changed first or last letter may look as if it had been put there.
            assert found.found.article_id == identity
            assert found.found.start <= start + 3
            assert found.found.end >= end - 3
        assert found.similarity is not None
        assert found.similarity > 0.8
        assert found.differences


@given(st.data())
@settings(max_examples=40)
def test_words_of_one_article_under_the_name_of_another_are_misattributed(
    corpus: Index, data: st.DataObject
) -> None:
    with corpus.view() as view:
        texts = texts_of(view)
        identity, start, end = data.draw(places(texts))
        quote = texts[identity][start:end]
        other = data.draw(st.sampled_from([*sorted(texts), "nowhere"]))
        assume(quote.strip())
        assume(quote not in texts.get(other, ""))
        found = verify_quote(view, Claim(quote, other, 1))
        assert (found.status, found.verified) == ("misattributed", False)
        assert found.found is not None
        assert quote in texts[found.found.article_id]
        assert (found.article_id, found.revision) == (other, 1)


@given(st.data())
@settings(max_examples=100)
def test_two_pieces_that_never_stood_together_are_stitched(corpus: Index, data: st.DataObject) -> None:
    with corpus.view() as view:
        texts = texts_of(view)
        lines = [
            (identity, number, line.split(" "))
            for identity, text in sorted(texts.items())
            for number, line in enumerate(text.split("\n"))
            if line.count(" ") > 14
        ]
        pieces, where = [], []
        for _ in range(2):
            identity, number, words = data.draw(st.sampled_from(lines))
            first = data.draw(st.integers(0, len(words) - 12))
            last = data.draw(st.integers(first + 12, min(len(words), first + 40)))
            pieces.append(" ".join(words[first:last]))
            where.append((identity, number))
        (one, line), (other, another) = where
        assume(one != other or abs(line - another) > 6)
        joint = data.draw(st.sampled_from([" ", " … ", " [...] "]))
        quote = joint.join(pieces)
        assume(not any(quote in text for text in texts.values()))
        found = verify_quote(view, Claim(quote, one))
        assert (found.status, found.verified) == ("stitched", False), found
        for part in found.fragments:
            assert texts[part.article_id][part.start : part.end] == part.quote
        assert len(found.fragments) >= 2


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (lambda text: text.replace(" ", "  "), "whitespace"),
        (lambda text: text.replace(" ", "\n"), "whitespace"),
        (lambda text: text.replace(" ", "\u00a0"), "whitespace"),
        (lambda text: f" {text}", "whitespace"),
        (lambda text: unicodedata.normalize("NFD", text), "unicode"),
        (lambda text: text.replace("soil", "s\u00adoil"), "unicode"),
        (lambda text: text.replace("1,500", "１,５００"), "unicode"),
        (lambda text: text.replace("’", "'"), "typography"),
        (lambda text: text.replace("—", "-"), "typography"),
        (str.upper, "case"),
        (lambda text: text.replace("1,500", "1,600"), "words"),
        (lambda text: text.replace("may", "may not"), "words"),
        (lambda text: text.replace("most of them ", ""), "words"),
    ],
)
def test_what_was_changed_is_named(folder: Path, change: object, differing: str) -> None:
    assert callable(change)
    found = verdict(folder, change(SAO_PAULO), article_id="sao-paulo")
    assert (found.status, found.verified, found.differing) == ("altered", False, differing)
    assert found.found is not None
    assert found.found.quote == SAO_PAULO
    assert found.differences


def test_the_words_that_differ_are_shown_beside_those_of_the_source(folder: Path) -> None:
    found = verdict(folder, "Venice raised the first of 87 gates in May 2020.")
    assert found.differences == (("87", "78"), ("May", "October"))
    assert found.found is not None
    assert found.found.quote == "Venice raised the first of 78 gates in October 2020."


def test_sentences_of_one_article_that_another_one_parts_are_stitched(folder: Path) -> None:
    sentences = VENICE.split(". ")
    found = verdict(folder, f"{sentences[0]}. {sentences[3]}", article_id="venice")
    assert (found.status, len(found.fragments)) == ("stitched", 2)
    assert found.problem == "2 parts, of 1 article"


def test_sentences_in_another_order_are_stitched(folder: Path) -> None:
    first, second = DELFT.split(". ")[:2]
    assert verdict(folder, f"{second}. {first}.", article_id="delft").status == "stitched"


def test_what_an_earlier_revision_held_is_outdated_and_still_true_of_that_revision(folder: Path) -> None:
    quote = "Ferries wait outside until the water falls."
    put(folder, [article("venice", VENICE.replace(quote, "Ferries use a lock."), "Gates of Venice")])
    of_then = verdict(folder, quote, article_id="venice", revision=1)
    assert (of_then.status, of_then.verified, of_then.superseded_by) == ("outdated", True, 2)
    for stated in ({"article_id": "venice"}, {"article_id": "venice", "revision": 2}, {}):
        found = verdict(folder, quote, **stated)
        assert (found.status, found.verified) == ("outdated", False)
        assert found.found is not None
        assert found.found.revision == 1
    kept = verdict(folder, "The gates close the lagoon", article_id="venice", revision=1)
    assert (kept.status, kept.verified, kept.superseded_by) == ("verified", True, 2)
    ahead = verdict(folder, "Ferries use a lock.", article_id="venice", revision=1)
    assert (ahead.status, ahead.problem) == (
        "misplaced",
        "revision 1 does not have it, revision 2 does",
    )


def test_a_withdrawn_article_is_outdated(folder: Path) -> None:
    withdraw(folder, "delft")
    found = verdict(folder, "Delft keeps one of the oldest water boards.", article_id="delft", revision=1)
    assert (found.status, found.withdrawn, found.problem) == ("outdated", True, "the article was withdrawn")


def test_what_was_erased_is_not_found(folder: Path) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["delft"])
    found = verdict(
        folder, "Its dikes are walked twice a year by volunteers who look for moles.", article_id="delft"
    )
    assert (found.status, found.found) == ("not_found", None)
    assert "erased" in str(found.problem)


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({"start": 1, "end": 12}, "the quote is not what stands there"),
        ({"start": 0, "end": 10**9}, "is not in it"),
        ({"end": 3}, "is not in it"),
        ({"sha256": "0" * 64}, "another SHA-256"),
        ({"prefix": "Gates. "}, "prefix or suffix"),
        ({"start": 53, "end": 79, "suffix": " at 2 metres"}, "prefix or suffix"),
    ],
)
def test_a_place_that_does_not_fit_is_misplaced_and_the_true_place_shown(
    folder: Path, stated: dict[str, object], problem: str
) -> None:
    quote = "The gates close the lagoon"
    found = verdict(folder, quote, article_id="venice", **stated)
    assert (found.status, found.verified) == ("misplaced", False)
    assert problem in str(found.problem)
    assert found.found is not None
    assert (found.found.start, found.found.end) == (53, 79)
    assert VENICE[53:79] == quote


def test_a_source_may_be_named_by_its_title(folder: Path) -> None:
    quote = "Ferries wait outside until the water falls."
    assert verdict(folder, quote, title="gates of venice").status == "verified"
    assert verdict(folder, quote, title="Gates of Delft").status == "misattributed"
    assert verdict(folder, quote, url="https://example.org/delft").status == "misattributed"


def test_a_copy_that_does_not_hold_the_quote_is_noticed(folder: Path) -> None:
    copies = (AlsoStated("delft", 1, 0, 26),)
    found = verdict(folder, "The gates close the lagoon", article_id="venice", also_in=copies)
    assert (found.status, found.problem) == (
        "misplaced",
        "also_in: the quote is not what stands there in 'delft'",
    )


@pytest.mark.parametrize("quote", ["", "  \n", "x" * 20_001])
def test_a_quote_that_is_none_is_refused(folder: Path, quote: str) -> None:
    with pytest.raises(InputError, match="quote"):
        verdict(folder, quote)


@given(st.text(min_size=1, max_size=300))
@settings(max_examples=100)
def test_any_text_gets_a_verdict_and_only_what_stands_somewhere_is_verified(corpus: Index, text: str) -> None:
    assume(text.strip())
    with corpus.view() as view:
        found = verify_quote(view, Claim(text))
        assert found.status in STATUSES
        assert found.verified == any(text in known for known in texts_of(view).values())
        json.dumps(found.to_dict())


@pytest.mark.parametrize("quote", ["\ud800 and more", "a\x00b", "\x00", "‮gates", "🏙" * 40])
def test_odd_characters_are_not_found_rather_than_an_error(folder: Path, quote: str) -> None:
    assert verdict(folder, quote).status in ("not_found", "altered")


def test_a_text_with_a_nul_is_found_whole(tmp_path: Path) -> None:
    text = "The log of the pump\x00was cut here. It went on the next day."
    put(tmp_path / "index", [article("pump", text)])
    assert verdict(tmp_path / "index", "pump\x00was cut").status == "verified"
    assert verdict(tmp_path / "index", "went on the next day").status == "verified"


@given(st.data())
@settings(max_examples=100)
def test_fragments_are_pieces_of_both_and_do_not_overlap(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text("ab cd.", max_size=120), min_size=1, max_size=3))
    quote = data.draw(st.text("ab cd.", min_size=1, max_size=120))
    found = fragments_of(quote, texts)
    for one in found:
        assert quote[one.at : one.at + one.length] == texts[one.text][one.start : one.start + one.length]
    assert all(one.at + one.length <= other.at for one, other in itertools.pairwise(found))
    assert [one for run in runs_of(found) for one in run] == found
    assert 0 <= covered(quote, found) <= 1


def test_quotations_are_read_from_prose_in_the_marks_of_several_languages() -> None:
    prose = (
        'They say “the first of 78 gates” and "close the lagoon at" once. Not “gates” alone.\n'
        "> Ferries wait outside\n> until the water falls.\n\n"
        "„so steht es da“ « comme il est dit » 「물 은 높다」"
    )
    assert quotations(prose) == [
        "the first of 78 gates",
        "close the lagoon at",
        "Ferries wait outside\nuntil the water falls.",
        "so steht es da",
        " comme il est dit ",
        "물 은 높다",
    ]


@pytest.mark.parametrize(
    "written",
    [
        '{"quotes": ["a b c"]}',
        '{"citations": [{"quote": "a b c", "article_id": "x", "start": 0}]}',
        '{"answer": {"citations": [{"quote": "a b c"}]}}',
        '["a b c"]',
        '[{"cited_text": "a b c", "document_title": "T"}]',
        '{"exact": "a b c", "prefix": "p"}',
        '{"answer": "It says “a b c”."}',
        "It says “a b c”.",
    ],
)
def test_quotations_are_read_from_many_forms_of_answers(written: str) -> None:
    assert [claim.quote for claim in read_claims(written, "answer.json").claims] == ["a b c"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{", "not valid JSON"),
        ("no quotation here", "holds no quotation"),
        ('{"citations": 3}', "it is no list"),
        ('{"citations": [3]}', "citations 1"),
        ('{"citations": [{"article_id": "x"}]}', "it has no quote"),
        ('{"citations": [{"quote": "a", "start": "3"}]}', "start"),
        ('{"citations": [{"quote": "a", "start": -3}]}', "start"),
        ('{"citations": [{"quote": "a", "also_in": [{}]}]}', "also_in"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused_with_the_place(written: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_claims(written, "answer.json")
    assert error.value.where.startswith("answer.json")


def test_words_of_an_answer_that_no_quotation_holds_are_named() -> None:
    answer = {
        "answer": "A b c. [1] Trust me. D e. [2]",
        "sentences": [],
        "citations": [{"quote": "A b c."}, "D e."],
    }
    assert claims_of(answer, "answer").unquoted == "Trust me."
    assert claims_of({**answer, "answer": "A b c. [1] D e. [2]"}, "answer").unquoted is None


@pytest.mark.parametrize(
    "beside",
    [
        {"text": "It says “d e f”."},
        {"answer": "It says “a b c” and “d e f”."},
        {"answer": {"quotes": ["d e f"]}},
        {"quotations": ["d e f"]},
        {"exact": "d e f"},
    ],
)
def test_whatever_an_answer_quotes_beside_its_citations_is_read_too(beside: dict[str, object]) -> None:
    found = claims_of({"citations": [{"quote": "a b c"}], **beside})
    assert [claim.quote for claim in found.claims] == ["a b c", "d e f"]


def test_texts_that_stand_beside_each_other_are_both_read() -> None:
    found = claims_of({"text": "It says “a b c”.", "answer": "It says “d e f”."})
    assert {claim.quote for claim in found.claims} == {"a b c", "d e f"}


def test_verify_answer_ends_well_for_an_answer_as_it_came_and_badly_for_an_altered_one(
    folder: Path, tmp_path: Path
) -> None:
    asked = civicite(
        "ask", "How many gates does Venice have?", "--json", "--min-confidence", "0", "--index", folder
    )
    kept = tmp_path / "answer.json"
    kept.write_text(asked.stdout)
    done = civicite("verify-answer", kept, "--index", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "verified" in done.stdout
    kept.write_text(asked.stdout.replace("78 gates", "87 gates"))
    done = civicite("verify-answer", kept, "--index", folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert "altered" in done.stdout
    assert "says “87”, the source “78”" in done.stdout
    shown = civicite("verify-answer", "-", "--json", "--index", folder, stdin="> Ferries wait outside")
    assert json.loads(shown.stdout)["results"][0]["status"] == "verified"


def test_verify_answer_names_a_file_that_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("“São Paulo’s planners”".encode("cp1252"))
    for name in ("latin.txt", "missing.json"):
        done = civicite("verify-answer", tmp_path / name, "--index", folder)
        assert done.returncode == 1
        assert name in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_piece_that_also_stands_elsewhere_is_found_where_the_next_one_follows() -> None:
    text = (
        "Officers of the united port board met the council in May and again in June."
        " Later the united port board closed the old harbour of the town."
    )
    quote = "the united port board; closed the old harbour of the town"
    pieces = fragments_of(quote, [text])
    assert len(runs_of(pieces)) == 1
    assert text[pieces[0].start :].startswith("the united port board closed")
