import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Span
from indexer.encoder import Document
from indexer.encoders import LoadedEncoder
from indexer.encoders.batching import batches
from indexer.encoders.tokens import Tokens
from indexer.modelfolder import find_model
from indexer.pooling import Row, pool, sentence_tokens


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(find_model(None))


@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    seed=st.integers(0, 99),
    padding=st.integers(0, 3),
)
def test_a_sentences_vector_is_the_direction_of_its_tokens_mean(
    sizes: list[int], seed: int, padding: int
) -> None:
    ends = np.cumsum(sizes)
    count = int(ends[-1]) + 1
    hidden = np.random.default_rng(seed).normal(size=(count + padding, 5)).astype(np.float32)
    ranges = np.stack([ends - sizes, ends], axis=1).astype(np.int64) + 1
    found = pool(hidden, Row(np.zeros(count, np.int64), np.ones(count, np.bool_), ranges), "mean")
    for (start, end), vector in zip(ranges, found.sentences, strict=True):
        mean = hidden[start:end].mean(axis=0) if end > start else np.zeros(5)
        assert vector == pytest.approx(mean / (np.linalg.norm(mean) or 1), abs=1e-5)
    whole = hidden[:count].mean(axis=0)
    assert found.passage == pytest.approx(whole / np.linalg.norm(whole), abs=1e-5)


def test_cls_pooling_takes_the_first_token() -> None:
    hidden = np.array([[3, 4], [1, 0]], np.float32)
    row = Row(np.zeros(2, np.int64), np.ones(2, np.bool_), np.zeros((0, 2), np.int64))
    assert pool(hidden, row, "cls").passage == pytest.approx([0.6, 0.8])


def test_a_token_that_holds_the_space_before_a_word_belongs_to_the_words_sentence() -> None:
    offsets = np.array([[0, 3], [3, 4], [4, 8], [8, 9]], np.int64)
    found = sentence_tokens(offsets, [Span(0, 4), Span(5, 9)])
    assert found.tolist() == [[0, 2], [2, 4]]


@pytest.mark.parametrize(
    "first",
    [
        "A 🚲🚲 lane.",
        "Cafe\u0301 terraces opened.",
        "부산 항만 공사.",
        unicodedata.normalize("NFD", "부산 항만."),
        "Nul \x00 and \x07 bell.",
        "Family 👩‍👩‍👧 day.",
    ],
)
def test_offsets_count_code_points_whatever_comes_before(tokens: Tokens, first: str) -> None:
    second = "Ferries sail hourly."
    start = len(first) + 1
    document = Document(f"{first} {second}", (Span(0, len(first)), Span(start, start + len(second))))
    [row] = tokens.rows([document])
    [[_, middle], [begin, end]] = row.sentences.tolist()
    assert middle == begin
    assert row.ids[begin:end].tolist() == tokens.rows([Document(second, ())])[0].ids[1:-1].tolist()
    assert row.ids[1:middle].tolist() == tokens.rows([Document(first, ())])[0].ids[1:-1].tolist()


def test_context_is_attended_to_and_no_part_of_any_mean(encoder: LoadedEncoder, tokens: Tokens) -> None:
    text, context = "It opened in May.", "The swimming pool"
    [row] = tokens.rows([Document(text, (Span(0, len(text)),), context)])
    [plain] = tokens.rows([Document(text, (Span(0, len(text)),))])
    assert row.ids[row.pooled].tolist() == plain.ids.tolist()
    assert row.ids[slice(*row.sentences[0])].tolist() == plain.ids[slice(*plain.sentences[0])].tolist()
    assert len(row.ids) - len(plain.ids) == encoder.count_tokens([context])[0]
    bare, told = encoder.documents([Document(text, ()), Document(text, (), context)])
    assert not np.array_equal(bare.passage, told.passage)


@pytest.mark.parametrize("room", [0, 2])
def test_context_is_shortened_and_the_passage_never(tokens: Tokens, room: int) -> None:
    text = " ".join(["tram"] * (tokens.window - room))
    [row] = tokens.rows([Document(text, (), "a title of many words")])
    assert len(row.ids) == tokens.window + 2
    assert int(np.sum(~row.pooled)) == room


@given(lengths=st.lists(st.integers(2, 256), max_size=60), budget=st.integers(1, 2000))
def test_every_row_is_in_one_batch_of_its_own_padded_length(lengths: list[int], budget: int) -> None:
    none = np.zeros((0, 2), np.int64)
    rows = [Row(np.zeros(length, np.int64), np.ones(length, np.bool_), none) for length in lengths]
    placed = []
    for padded, members in batches(rows, 256, budget):
        assert len(members) == 1 or padded * len(members) <= budget
        assert all(padded - 16 < lengths[number] <= padded for number in members)
        placed += members
    assert sorted(placed) == list(range(len(lengths)))
