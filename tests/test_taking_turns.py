"""Turns: so many threads compute at a time, first come, first served."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.turns import Turns


def waiting(turns: Turns, count: int) -> None:
    """Return when so many threads wait for a turn."""
    while len(turns._waiting) < count:
        pass


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_compute_at_a_time_than_there_are_turns(count: int) -> None:
    turns, lock = Turns(count), threading.Lock()
    now = most = 0

    def compute(number: int) -> None:
        nonlocal now, most
        with turns.taken():
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.001)
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(compute, range(64)))
    assert now == 0
    assert most == count


def test_who_came_first_is_served_first() -> None:
    turns, served = Turns(1), list[int]()

    def compute(number: int) -> Callable[[], None]:
        def work() -> None:
            with turns.taken():
                served.append(number)

        return work

    with ThreadPoolExecutor(5) as pool, turns.taken():
        computing = []
        for number in range(5):
            computing.append(pool.submit(compute(number)))
            waiting(turns, number + 1)
    assert [one.result() for one in computing] == [None] * 5
    assert served == [0, 1, 2, 3, 4]


def test_a_thread_that_has_a_turn_needs_no_second() -> None:
    turns = Turns(1)
    with turns.taken(), turns.taken():
        assert turns._free == 0
    assert turns._free == 1


def test_a_turn_is_given_back_when_the_work_fails() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="no"), turns.taken():
        raise ValueError("no")
    assert turns._free == 1
