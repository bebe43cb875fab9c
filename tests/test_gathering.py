"""Questions of many threads in one pass of the model: the same vectors, nobody forgotten."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from building import ENCODER
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import LoadedEncoder, Vectors
from indexer.encoders.hashing import HashingEncoder
from service.gathering import MOST, GatheringEncoder

WORDS = ["flood", "harbour", "mayor", "서울", "tram", "2030", "who", "how many", "resilience", "quay"]


@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=2, max_size=20), chance=st.randoms())
def test_a_questions_vector_is_the_same_to_the_bit_in_any_company(
    encoder: LoadedEncoder, lengths: list[int], chance: object
) -> None:
    questions = [" ".join(chance.choice(WORDS) for _ in range(length)) for length in lengths]  # type: ignore[attr-defined]
    together = encoder.questions(questions)
    for question, vector in zip(questions, together, strict=True):
        assert np.array_equal(vector, encoder.question(question))


class Noting(HashingEncoder):
    """Notes the questions of each pass; one that holds the word broken fails when it is waited for."""

    def __init__(self) -> None:
        self.passes: list[list[str]] = []

    def begin(self, questions: Sequence[str]) -> Callable[[], list[Vectors]]:
        self.passes.append(list(questions))

        def finish() -> list[Vectors]:
            if "broken" in questions:
                raise RuntimeError("the model is gone")
            return self.questions(questions)

        return finish


@pytest.mark.parametrize("backwards", [False, True])
def test_who_comes_first_goes_alone_and_who_comes_meanwhile_goes_together(backwards: bool) -> None:
    noting = Noting()
    gathering = GatheringEncoder(noting)
    sizes: list[int] = []
    gathering.observe = sizes.append
    texts = [f"question {number}" for number in range(MOST + 3)]
    begun = [(text, gathering.begin([text])) for text in texts]
    assert noting.passes == [texts[:1]]
    for text, finish in begun[::-1] if backwards else begun:
        assert np.array_equal(finish()[0], ENCODER.question(text))
    assert sizes == [1, MOST, 2]
    assert noting.passes == [texts[:1], texts[1 : MOST + 1], texts[MOST + 1 :]]


def test_a_question_that_nobody_waits_for_holds_nobody_up() -> None:
    gathering = GatheringEncoder(Noting())
    gathering.begin(["left"])
    gathering.begin(["left, too"])
    assert np.array_equal(gathering.question("wanted"), ENCODER.question("wanted"))


def test_a_vector_may_be_asked_for_again() -> None:
    finish = GatheringEncoder(Noting()).begin(["flood", "harbour"])
    for _ in range(2):
        found = finish()
        assert np.array_equal(found[0], ENCODER.question("flood"))
        assert np.array_equal(found[1], ENCODER.question("harbour"))


def test_a_pass_that_fails_fails_its_own_questions_and_no_later_one() -> None:
    gathering = GatheringEncoder(Noting())
    first, broken, beside = (gathering.begin([text]) for text in ("first", "broken", "beside"))
    for finish in (broken, beside):
        with pytest.raises(RuntimeError, match="the model is gone"):
            finish()
    assert np.array_equal(first()[0], ENCODER.question("first"))
    assert np.array_equal(gathering.question("whole"), ENCODER.question("whole"))


def test_many_threads_for_a_while_get_their_own_vectors() -> None:
    gathering = GatheringEncoder(HashingEncoder())

    def ask(number: int) -> bool:
        return np.array_equal(gathering.question(f"city {number}"), ENCODER.question(f"city {number}"))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(1000)))
