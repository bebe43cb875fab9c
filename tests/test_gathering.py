"""Questions of many threads in one pass of the model: the same vectors, nobody forgotten."""

import threading
from collections.abc import Sequence
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


class Held(HashingEncoder):
    """Its passes wait until they may go on."""

    def __init__(self) -> None:
        self.passes: list[list[str]] = []
        self.begun, self.may_end = threading.Semaphore(0), threading.Semaphore(0)

    def questions(self, questions: Sequence[str]) -> list[Vectors]:
        self.passes.append(list(questions))
        self.begun.release()
        assert self.may_end.acquire(timeout=30)
        if "broken" in questions:
            raise RuntimeError("the model is gone")
        return super().questions(questions)


def test_who_comes_first_goes_alone_and_who_comes_meanwhile_goes_together() -> None:
    held = Held()
    gathering = GatheringEncoder(held)
    sizes: list[int] = []
    gathering.observe = sizes.append
    with ThreadPoolExecutor(MOST + 4) as pool:
        first = pool.submit(gathering.question, "alone")
        assert held.begun.acquire(timeout=30)
        others = [pool.submit(gathering.question, f"question {number}") for number in range(MOST + 2)]
        while len(gathering._queue) < len(others):
            pass
        for _ in range(3):
            held.may_end.release()
        assert np.array_equal(first.result(30), ENCODER.question("alone"))
        for number, other in enumerate(others):
            assert np.array_equal(other.result(30), ENCODER.question(f"question {number}"))
    assert sizes == [1, MOST, 2]
    assert held.passes[0] == ["alone"]


def test_a_pass_that_fails_fails_its_own_questions_and_no_later_one() -> None:
    held = Held()
    gathering = GatheringEncoder(held)
    for _ in range(2):
        held.may_end.release()
    with pytest.raises(RuntimeError, match="the model is gone"):
        gathering.question("broken")
    assert np.array_equal(gathering.question("whole"), ENCODER.question("whole"))


def test_many_threads_for_a_while_get_their_own_vectors() -> None:
    gathering = GatheringEncoder(HashingEncoder())

    def ask(number: int) -> bool:
        return np.array_equal(gathering.question(f"city {number}"), ENCODER.question(f"city {number}"))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(1000)))
