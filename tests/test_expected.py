import pytest

from service.expected import Expected, expected_of, told
from service.question import kind_of


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many trams run at night?", "count"),
        ("What is the population of the district?", "count"),
        ("How much did the sea wall cost?", "money"),
        ("What was the budget of the programme?", "money"),
        ("How long is the tunnel?", "extent"),
        ("How old is the harbour?", "extent"),
        ("How tall is the tower?", "length"),
        ("How big is the park?", "area"),
        ("What percentage of homes lies below the river?", "percentage"),
        ("How much rain fell?", "amount"),
        ("When was the network founded?", "date"),
        ("On what day did the river flood?", "day"),
        ("In what month do the towns meet?", "month"),
        ("In which year did it begin?", "year"),
        ("At what time does the fair open?", "clock"),
        ("What does a parking permit cost in Arven?", "money"),
        ("How high is the fee for the fair?", "money"),
        ("What is the phone number of the council?", "telephone"),
        ("Who chairs the council?", "name"),
        ("Where is the secretariat?", "place"),
        ("Which cities took part?", "names"),
        ("Why was the wall built?", None),
    ],
)
def test_the_wording_says_what_kind_of_expression_answers(question: str, expected: Expected | None) -> None:
    assert expected_of(question, kind_of(question)) == expected


@pytest.mark.parametrize(
    ("expected", "question", "sentence", "value"),
    [
        ("count", "How many came in 2019?", "On 28 March 2019 the hall was full.", 0),
        ("count", "How many came in 2019?", "In 2019 some 1,200 people came.", 1),
        ("count", "How many trams run at night?", "Twelve trams run at night.", 1),
        ("money", "What did the wall cost?", "The wall is 12 metres high.", 0),
        ("money", "What did the wall cost?", "It cost €3.5 million.", 1),
        ("extent", "How long is the tunnel?", "The 384-metre tunnel has two lanes.", 1),
        ("extent", "How long is the tunnel?", "The tunnel has two lanes.", 0),
        ("percentage", "What share recycles?", "Nearly a third recycles.", 1),
        ("date", "When was it founded?", "It was founded in 1987.", 1),
        ("day", "On what day was the flood?", "The flood came in 2011.", 0),
        ("day", "On what day was the flood?", "On 2 July 2011 the flood came.", 1),
        ("month", "In what month was the flood?", "The flood came in 2011.", 0),
        ("year", "In what year was the flood?", "The flood came on 2 July 2011.", 1),
        ("clock", "At what time does it open?", "It opens at 9:30 am.", 1),
        ("telephone", "What is its phone number?", "It has 24 members.", 0),
        ("telephone", "What is its phone number?", "Call +47 555 12 345.", 1),
        ("date", "What happened after 1987?", "It was founded in 1987.", 0),
        ("name", "Who is the mayor of Arven?", "The mayor of Arven spoke.", 0),
        ("name", "Who is the mayor of Arven?", "Mira Solt, mayor of Arven, spoke.", 1),
        ("place", "Where is Arven's office?", "The office of Arven is in Belmar.", 1),
        ("names", "Which towns joined Arven?", "Arven was joined by Belmar, Corin and Dunmore.", 1),
        (None, "Why was the wall built?", "Because of the floods.", 0.5),
    ],
)
def test_only_what_the_question_does_not_say_itself_counts_as_told(
    expected: Expected | None, question: str, sentence: str, value: float
) -> None:
    assert told(expected, question, sentence) == value
