import pytest

from service.outlook import asks_for_future, tells_of_future


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What will a ticket cost?", True),
        ("How many towns are expected to join?", True),
        ("What does a ticket cost next year?", True),
        ("내년 예산은 얼마입니까?", True),
        ("What does a ticket cost?", False),
        ("What is the will of the council?", False),
        ("Who wrote the will of Ada Berg?", False),
    ],
)
def test_a_question_asks_of_what_is_to_come_or_not(question: str, asks: bool) -> None:
    assert asks_for_future(question) is asks


@pytest.mark.parametrize(
    ("sentence", "tells"),
    [
        ("The fare will rise to 3 euros.", True),
        ("The town aims at a third fewer cars by 2031.", True),
        ("The new quay is to open in May.", True),
        ("The fare was 2 euros at the start.", False),
        ("Twelve trams run at night.", False),
    ],
)
def test_a_sentence_tells_of_what_is_to_come_or_not(sentence: str, tells: bool) -> None:
    assert tells_of_future(sentence) is tells
