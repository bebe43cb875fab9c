import pytest

from service.opposites import negated, opposites_held


@pytest.mark.parametrize(
    "text", ["The gate was never built.", "Who wasn't invited?", "It failed.", "Towns without a quay"]
)
def test_a_negation_is_seen_in_its_many_forms(text: str) -> None:
    assert negated(text)


@pytest.mark.parametrize("text", ["The gate was built.", "A notable knot of noble towns", ""])
def test_what_only_looks_like_a_negation_is_none(text: str) -> None:
    assert not negated(text)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which line carries the fewest passengers?", "The ring line carries the most passengers."),
        ("What did the council reject?", "The council accepted the plan."),
        ("What happened before the flood?", "After the flood the quay was raised."),
        ("Which towns are unprotected?", "All these towns are protected."),
        ("Which tolls are direct?", "Such tolls are indirect."),
    ],
)
def test_a_sentence_with_the_opposite_of_the_questions_word_is_noticed(question: str, sentence: str) -> None:
    assert opposites_held(question, sentence) == 1


def test_words_that_both_have_are_no_opposites() -> None:
    question = "Which towns rejected the plan and which accepted it?"
    assert opposites_held(question, "Bergen accepted the plan, Cork rejected it.") == 0
    assert opposites_held("Who opened the quay?", "The quay was opened by the mayor.") == 0
