import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("lightgbm")
pytest.importorskip("sklearn")

from benchmarks.training.fit import CONFIDENCE_ROUNDS, calibrated, fit_confidence
from benchmarks.training.gather import Group, reworded
from benchmarks.training.questions import Labelled
from service.question import Question
from service.ranker import model_from

FEATURES = ("coverage", "opposites")


def groups(count: int) -> list[Group]:
    """Questions about fifty subjects; the more is covered the likelier right, and none beside an opposite."""
    chance = np.random.default_rng(5)
    found = []
    for number in range(count):
        coverage, opposites = chance.random(), float(chance.random() < 0.3)
        right = not opposites and chance.random() < coverage
        asked = Labelled(str(number), "?", frozenset(), (), True, f"subject {number % 50}")
        found.append(Group(asked, np.array([[coverage, opposites]]), np.array([right])))
    return found


def test_calibrating_a_model_scales_and_shifts_its_score() -> None:
    trees = [{"nodes": [[0, 0.5, 1, 2], [-1.0], [2.0]], "depth": 1}, {"nodes": [[0.5]], "depth": 0}]
    model = {"features": ["one"], "trees": trees}
    rows = np.array([[0.2], [0.9]])
    before = model_from(model, ("one",)).score(rows)
    after = model_from(calibrated(model, 3.0, -0.5), ("one",)).score(rows)
    assert after == pytest.approx(3.0 * before - 0.5, abs=1e-5)


def test_the_confidence_is_near_the_share_of_right_answers_and_falls_beside_an_opposite() -> None:
    learned = groups(4000)
    written = fit_confidence(learned, FEATURES, learned)
    assert len(written["trees"]) == CONFIDENCE_ROUNDS
    model = model_from(written, FEATURES)
    even, opposed = 1 / (1 + np.exp(-model.score(np.array([[0.5, 0.0], [0.5, 1.0]]))))
    assert even == pytest.approx(0.5, abs=0.12)
    assert opposed < 0.05


def test_the_command_that_trains_can_be_started() -> None:
    command = [sys.executable, "-m", "benchmarks.training", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reworded_question_has_other_words_and_the_same_vector() -> None:
    terms = tuple(f"word{number}" for number in range(200))
    asked = Question("What?", (*terms, "서울"), "other", 0.0, lambda: np.ones(3, np.float32))
    other = reworded(asked, seed=1)
    kept = [one == two for one, two in zip(asked.terms, other.terms, strict=True)]
    assert 0.5 < np.mean(kept) < 0.7
    assert kept[-1]  # half a word of Korean cannot be another
    assert sum(one in asked.terms for one in other.terms) == sum(kept)
    assert (other.vector == asked.vector).all()
    assert reworded(asked, seed=1) == other
