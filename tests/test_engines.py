"""Every engine is compared, by value, with the plain reference beside it."""

import io
from pathlib import Path

import numpy as np
import pytest
from building import article, put
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import IndexDamaged, check
from indexer.lexical import Posting
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.lexical.exact import ExactTerms
from indexer.marks import Watermark
from indexer.vectors.exact import ExactVectors
from indexer.vectors.flat import FlatVectors

NOTHING = np.empty(0, np.int64)
MARK = Watermark(3, "c" * 64)


def unit(rows: int, dimension: int = 8, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)  # as the catalog keeps them


@given(
    rows=st.integers(0, 60),
    count=st.integers(1, 70),
    gone=st.sets(st.integers(1, 60), max_size=20),
    allowed=st.one_of(st.none(), st.sets(st.integers(1, 80), max_size=40)),
)
@settings(max_examples=60)
def test_faiss_finds_what_the_reference_finds(
    rows: int, count: int, gone: set[int], allowed: set[int] | None
) -> None:
    reference, engine = ExactVectors(8), FlatVectors(8)
    keys, question = np.arange(1, rows + 1), unit(1, seed=1)[0]
    permitted = None if allowed is None else np.array(sorted(allowed), np.int64)
    for index in (reference, engine):
        index.apply(MARK, keys, unit(rows), NOTHING)
        index.apply(MARK, NOTHING, unit(0), np.array(sorted(gone), np.int64))
    assert (
        engine.search(question, count, permitted).tolist()
        == reference.search(question, count, permitted).tolist()
    )
    assert (len(engine), engine.watermark) == (len(reference), MARK)


def test_a_saved_vector_file_is_read_back_with_its_watermark(tmp_path: Path) -> None:
    engine = FlatVectors(8)
    engine.apply(MARK, np.arange(5), unit(5), NOTHING)
    engine.save(tmp_path / "v.faiss", tmp_path / "v.json")
    loaded = FlatVectors.load(tmp_path / "v.faiss", tmp_path / "v.json", 8)
    assert isinstance(loaded, FlatVectors)
    assert loaded.watermark == MARK
    assert loaded.search(unit(1, seed=1)[0], 5).tolist() == engine.search(unit(1, seed=1)[0], 5).tolist()


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_vector_file_with_one_flipped_byte_is_not_used(tmp_path: Path, place: int) -> None:
    engine = FlatVectors(8)
    engine.apply(MARK, np.arange(5), unit(5), NOTHING)
    engine.save(tmp_path / "v.faiss", tmp_path / "v.json")
    content = bytearray((tmp_path / "v.faiss").read_bytes())
    content[place] ^= 1
    (tmp_path / "v.faiss").write_bytes(content)
    assert FlatVectors.load(tmp_path / "v.faiss", tmp_path / "v.json", 8) == "its checksum differs"


@pytest.mark.parametrize("place", [8, 16])
@pytest.mark.parametrize("number", [-(2**63), -1, 4, 6, 10**15, 2**60, 2**63 - 1])
def test_a_vector_file_whose_sizes_were_damaged_is_refused_before_memory_is_taken(
    place: int, number: int
) -> None:
    engine = FlatVectors(8)
    engine.apply(MARK, np.arange(5), unit(5), NOTHING)
    content = bytearray(b"".join(bytes(some) for some in engine.written()))
    content[place : place + 8] = number.to_bytes(8, "little", signed=True)
    with pytest.raises((ValueError, RuntimeError)):
        FlatVectors.read(io.BytesIO(content), 8)


def test_a_vector_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(IndexDamaged, match="not finite"):
        FlatVectors(2).apply(MARK, np.array([1]), np.array([[np.nan, 0]], np.float32), NOTHING)


TERMS = st.lists(st.sampled_from(["tram", "flood", "서울", "2011", "wall"]), min_size=1, max_size=8)


@given(
    documents=st.lists(TERMS, min_size=1, max_size=12),
    asked=st.lists(st.sampled_from(["tram", "flood", "서울", "absent"]), min_size=1, max_size=3, unique=True),
    allowed=st.one_of(st.none(), st.sets(st.integers(1, 14), max_size=8)),
)
@settings(max_examples=40)
def test_tantivy_proposes_the_passages_that_the_reference_finds(
    documents: list[list[str]], asked: list[str], allowed: set[int] | None
) -> None:
    reference, engine = ExactTerms(), TantivyTerms()
    permitted = None if allowed is None else np.array(sorted(allowed), np.int64)
    postings = [Posting(key, words) for key, words in enumerate(documents, 1)]
    for index in (reference, engine):
        index.apply(MARK, postings, NOTHING)
    assert sorted(engine.search(asked, 50, permitted)) == sorted(reference.search(asked, 50, permitted))
    assert engine.watermark == MARK


@pytest.mark.parametrize("letter", ["x", "ж", "가"])
def test_tantivy_holds_each_term_that_it_is_said_to_hold_and_no_longer_one(letter: str) -> None:
    engine, most = TantivyTerms(), 65_530 // len(letter.encode())
    words = [letter * most, letter * (most + 1)]
    engine.apply(MARK, [Posting(1, words)], NOTHING)
    assert [engine.holding(word) for word in words] == [1, 0]
    assert [tantivy_engine.is_held(word) for word in words] == [True, False]


def test_tantivy_ranks_like_bm25() -> None:
    reference, engine = ExactTerms(), TantivyTerms()
    words = ["tram", "flood", "wall", "river", "city"]
    generator = np.random.default_rng(7)
    postings = [
        Posting(key, list(generator.choice(words, size=generator.integers(2, 12)))) for key in range(1, 40)
    ]
    for index in (reference, engine):
        index.apply(MARK, postings, NOTHING)
    # Tantivy keeps lengths in one byte, so that neighbours may change places but the best must be near.
    assert engine.search(["tram", "river"], 1)[0] in reference.search(["tram", "river"], 3)


def test_more_allowed_keys_than_are_looked_up_give_the_same_results(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TantivyTerms()
    engine.apply(MARK, [Posting(key, ["tram"] * (key % 5 + 1)) for key in range(1, 200)], NOTHING)
    allowed = np.arange(3, 200, 7)
    looked_up = engine.search(["tram"], 10, allowed)
    monkeypatch.setattr(tantivy_engine, "FEW", 2)
    assert engine.search(["tram"], 10, allowed).tolist() == looked_up.tolist()
    assert len(engine.search(["tram"], 100, allowed)) == len(allowed)


def test_removed_passages_are_not_found_and_a_snapshot_keeps_seeing_them(tmp_path: Path) -> None:
    engine = TantivyTerms(tmp_path)
    engine.apply(Watermark(1, "a"), [Posting(1, ["tram"]), Posting(2, ["tram"])], NOTHING)
    before = engine.snapshot()
    engine.apply(Watermark(2, "b"), [], np.array([1]))
    assert engine.search(["tram"], 5).tolist() == [2]
    assert sorted(before.search(["tram"], 5)) == [1, 2]
    assert (before.watermark.commit, engine.watermark.commit) == (1, 2)
    engine.close()


def test_a_copy_of_a_vector_index_keeps_what_it_had_while_the_other_is_changed() -> None:
    engine, question = FlatVectors(8), unit(1, seed=1)[0]
    engine.apply(MARK, np.arange(1, 1001), unit(1000), NOTHING)
    before = engine.copy()
    found = before.search(question, 20).tolist()
    engine.apply(MARK, np.arange(1001, 1101), unit(100, seed=2), np.arange(1, 600))
    assert before.search(question, 20).tolist() == found
    assert (len(before), len(engine)) == (1000, 501)


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 400), st.sets(st.integers(1, 1200), max_size=300)), min_size=1, max_size=8
    )
)
@settings(max_examples=25)
def test_after_any_edits_faiss_holds_and_finds_what_the_reference_does(
    edits: list[tuple[int, set[int]]],
) -> None:
    reference, engine, question, next_key = ExactVectors(8), FlatVectors(8), unit(1, seed=1)[0], 1
    for number, (added, gone) in enumerate(edits):
        keys = np.arange(next_key, next_key + added)
        next_key += added
        for index in (reference, engine):
            index.apply(MARK, keys, unit(added, seed=number), np.array(sorted(gone), np.int64))
        assert engine.search(question, 10).tolist() == reference.search(question, 10).tolist()
    assert len(engine) == len(reference)
    held = [key for keys, _ in engine.portions() for key in keys.tolist()]
    assert len(held) == len(set(held)) == len(reference)


def test_a_lexical_index_that_is_removed_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, [article("quay", "The quay was raised in 1987.")])
    place = tmp_path / "terms" / "1"

    class Killed(BaseException):
        pass

    def killed(folder: Path, **named: object) -> None:
        if folder.is_dir():
            next(folder.glob("*.pos")).unlink()
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("indexer.lexical.engine.shutil.rmtree", killed)
        with pytest.raises(Killed):
            tantivy_engine.remove(place)
    assert not place.exists()
    assert [one.kind for one in check(tmp_path)] == ["stale"]
    put(tmp_path, [article("quay", "The quay was raised in 1988.")])
    assert "damage" not in [one.kind for one in check(tmp_path)]
    assert [path.name for path in (tmp_path / "terms").iterdir()] == ["1"]
