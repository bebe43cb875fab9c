from collections.abc import Iterator
from pathlib import Path

import pytest
from building import article, put

from indexer import Index
from indexer.encoders import LoadedEncoder
from service.assistant import Assistant
from service.evidence import SENTENCE_FEATURES
from service.question import understand
from service.ranker import FIXED
from service.retrieval import gather, rank, read_articles

TEXT = (
    "The League of River Ports\n\nThe League of River Ports was founded in Arven. "
    "It entered into force in 1931. Ships of 1902 lie in the harbour of Arven, where the council of all "
    "the river ports, founded late, meets."
)


@pytest.fixture(scope="module")
def assistant(encoder: LoadedEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("surroundings")
    put(folder, [article("league", TEXT), article("other", "Trams\n\nTwelve trams run at night.")], encoder)
    with Assistant(Index.open(folder), encoder, FIXED) as opened:
        yield opened


def features(assistant: Assistant, question: str, name: str) -> dict[str, float]:
    """One feature of every candidate, by the first three words of the sentence."""
    asked = understand(question, assistant.encoder)
    with assistant.index.view() as view:
        ranked = rank(view, asked, FIXED, None)
        evidence = gather(asked, ranked, FIXED, read_articles(view, ranked, ranked.order))
    column = evidence.features[:, SENTENCE_FEATURES.index(name)].tolist()
    opened = [" ".join(text.split()[:3]) for text in evidence.candidates.texts]
    return dict(zip(opened, column, strict=True))


def test_the_subject_may_stand_in_the_sentence_before(assistant: Assistant) -> None:
    found = features(assistant, "When did the charter of the River Ports enter into force?", "subject")
    assert found["It entered into"] == 1.0
    assert found["Twelve trams run"] == 0.0


def test_the_predicate_must_stand_in_the_sentence_itself(assistant: Assistant) -> None:
    found = features(assistant, "When did the River Ports enter?", "predicate")
    assert found["It entered into"] == 1.0
    assert found["Ships of 1902"] == 0.0


def test_a_question_without_names_says_nothing_of_its_subject(assistant: Assistant) -> None:
    assert set(features(assistant, "How many trams run?", "subject").values()) == {0.5}


def test_what_is_told_counts_by_how_near_the_questions_words_stand(assistant: Assistant) -> None:
    found = features(assistant, "In which year was the council founded?", "nearness")
    assert found["Twelve trams run"] == 0.0
    assert 0.0 < found["Ships of 1902"] < 0.5
    entered = features(assistant, "In which year did it enter into force?", "nearness")
    assert entered["It entered into"] > 0.5 > entered["Ships of 1902"]


def test_nearness_says_nothing_where_no_expression_is_expected(assistant: Assistant) -> None:
    assert set(features(assistant, "Why was the league founded?", "nearness").values()) == {0.5}


def test_only_an_expression_that_is_sure_tells_surely(assistant: Assistant) -> None:
    years = features(assistant, "In which year did it enter into force?", "told_surely")
    assert (years["It entered into"], years["Twelve trams run"]) == (1.0, 0.0)
    assert set(features(assistant, "Who founded the league?", "told_surely").values()) == {0.5}
