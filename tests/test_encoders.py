import random
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.article import Span
from indexer.encoder import Document, Encoded, Vectors
from indexer.encoders import LoadedEncoder, load_encoder
from indexer.encoders.openvino import OpenVinoEncoder
from indexer.modelfolder import find_model

WORDS = (
    "the harbour council opened nine shaded tram stops after a wet spring and counted riders weekly".split()
)
ENGINES = ("bf16", "f32", "torch", "hashing")


def passage(seed: int, words: int) -> Document:
    """A passage of so many words in two sentences."""
    chosen = random.Random(seed).choices(WORDS, k=words)  # noqa: S311 - a test's text is no secret
    first, second = " ".join(chosen[: words // 2]) + ".", " ".join(chosen[words // 2 :]) + "."
    return Document(
        f"{first} {second}", (Span(0, len(first)), Span(len(first) + 1, len(first) + 1 + len(second)))
    )


PASSAGES = [passage(seed, 3 + seed * 7 % 190) for seed in range(100)]


@pytest.fixture(scope="session")
def engines(encoder_cache: Path) -> dict[str, LoadedEncoder]:
    engines = {
        "f32": load_encoder(cache_dir=encoder_cache, precision="f32"),
        "torch": load_encoder(cache_dir=encoder_cache, runtime="torch", threads=1),
        "hashing": load_encoder(cache_dir=encoder_cache, runtime="hashing"),
    }
    best = load_encoder(cache_dir=encoder_cache)
    return engines | ({"bf16": best} if best.precision == "bf16" else {})


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, engines: dict[str, LoadedEncoder]) -> LoadedEncoder:
    if request.param not in engines:
        pytest.skip("this processor has no bf16")
    return engines[request.param]


def same(left: Encoded, right: Encoded) -> bool:
    return np.array_equal(left.passage, right.passage) and np.array_equal(left.sentences, right.sentences)


def all_same(left: Iterable[Encoded], right: Iterable[Encoded]) -> bool:
    return all(same(*pair) for pair in zip(left, right, strict=True))


def least_cosine(left: list[Encoded], right: list[Encoded]) -> float:
    def rows(found: list[Encoded]) -> Vectors:
        return np.concatenate([np.vstack([one.passage, one.sentences]) for one in found])

    return float(np.sum(rows(left) * rows(right), axis=1).min())


def test_passage_vectors_are_those_of_sentence_transformers(engines: dict[str, LoadedEncoder]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        stock = SentenceTransformer(str(find_model(None).path), device="cpu", local_files_only=True)
        expected = stock.encode([one.text for one in PASSAGES[:16]], normalize_embeddings=True)
    for name, least in (("torch", 0.99999), ("f32", 0.9999), ("bf16", 0.999)):
        if name in engines:
            found = np.array([one.passage for one in engines[name].documents(PASSAGES[:16])])
            assert np.sum(found * expected, axis=1).min() >= least


@pytest.mark.parametrize(("name", "least"), [("f32", 0.9999), ("bf16", 0.999)])
def test_every_vector_of_openvino_is_that_of_torch(
    engines: dict[str, LoadedEncoder], name: str, least: float
) -> None:
    if name not in engines:
        pytest.skip("this processor has no bf16")
    expected = list(engines["torch"].documents(PASSAGES[:16]))
    assert least_cosine(list(engines[name].documents(PASSAGES[:16])), expected) >= least


def test_a_passage_has_the_same_vectors_in_any_company(engine: LoadedEncoder) -> None:
    # Torch takes one passage a pass, and takes its time over it.
    some = PASSAGES[:8] if engine.runtime == "torch" else PASSAGES
    alone = [next(iter(engine.documents([one]))) for one in some]
    together = list(engine.documents(some))
    assert all_same(alone, together)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(range(40)), min_size=1, max_size=70))
def test_any_batch_gives_each_passage_its_own_vectors_in_order(
    encoder: LoadedEncoder, order: list[int]
) -> None:
    alone = {number: next(iter(encoder.documents([PASSAGES[number]]))) for number in set(order)}
    together = encoder.documents([PASSAGES[number] for number in order])
    assert all_same((alone[number] for number in order), together)


def test_vectors_do_not_depend_on_the_number_of_threads(encoder: LoadedEncoder, encoder_cache: Path) -> None:
    single = load_encoder(cache_dir=encoder_cache, threads=1)
    assert all_same(single.documents(PASSAGES), encoder.documents(PASSAGES))


def test_questions_asked_at_once_get_the_vectors_of_questions_asked_alone(encoder: LoadedEncoder) -> None:
    questions = [f"{one.text[:60]}?" for one in PASSAGES]
    alone = [encoder.question(one) for one in questions]
    with ThreadPoolExecutor(6) as threads:
        assert np.array_equal(list(threads.map(encoder.question, questions)), alone)


def test_questions_that_nobody_waits_for_harm_no_other(encoder: LoadedEncoder) -> None:
    questions = [
        "Who widened the quay?",
        "When did the old harbour, which used to flood every spring, get its gates?",
    ]
    alone = [encoder.question(one) for one in questions]
    for number in range(200):
        encoder.begin(questions[number % 2])
        assert np.array_equal(encoder.question(questions[number % 3 % 2]), alone[number % 3 % 2])


def test_a_vector_may_be_asked_for_again(engine: LoadedEncoder) -> None:
    begun = engine.begin("Who widened the quay?")
    assert np.array_equal(begun(), begun())


@pytest.mark.parametrize("words", range(1, 40))
def test_a_question_of_any_length_is_encoded_like_a_passage(encoder: LoadedEncoder, words: int) -> None:
    text = " ".join(["harbour", "flood", "quay", "tram"][number % 4] for number in range(words))
    [found] = encoder.documents([Document(text, ())])
    assert encoder.question(text) @ found.passage > 0.9999


def test_a_question_is_encoded_like_a_passage_without_prompts(engine: LoadedEncoder) -> None:
    [found] = engine.documents([Document("Who widened the quay?", ())])
    # Not to the bit: a question is padded to fewer tokens than a passage.
    assert engine.question("Who widened the quay?") @ found.passage > 0.9999


def test_a_passage_is_nearest_to_the_question_that_asks_for_it(engine: LoadedEncoder) -> None:
    texts = (
        "The market hall sells fish.",
        "Cyclists were given a bridge.",
        "Rain gardens store flood water.",
    )
    found = np.array([one.passage for one in engine.documents([Document(text, ()) for text in texts])])
    assert int(np.argmax(found @ engine.question("Where does flood water go when rain is heavy?"))) == 2


@pytest.mark.parametrize("text", ["", "a", "?", "\x00", "\ud800", " \n "])
def test_a_tiny_text_has_a_unit_vector(engine: LoadedEncoder, text: str) -> None:
    [found] = engine.documents([Document(text, (Span(0, len(text)),))])
    for vector in (found.passage, engine.question(text)):
        assert vector.shape == (engine.dimension,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_sentence_without_a_token_is_all_zeros_and_the_others_have_unit_length(
    engine: LoadedEncoder,
) -> None:
    [found] = engine.documents([Document("Trams run.   ", (Span(0, 10), Span(10, 13), Span(13, 13)))])
    assert np.linalg.norm(found.sentences, axis=1) == pytest.approx([1, 0, 0], abs=1e-5)


def test_a_long_question_is_cut_to_the_window(engine: LoadedEncoder) -> None:
    words = WORDS * 40
    assert np.array_equal(engine.question(" ".join(words)), engine.question(" ".join(words[: engine.window])))


def test_a_passage_as_long_as_the_window_is_encoded_and_a_longer_one_refused(engine: LoadedEncoder) -> None:
    text = " ".join(["tram"] * engine.window)
    assert engine.count_tokens([text, "tram", ""]) == [engine.window, 1, 0]
    assert len(list(engine.documents([Document(text, ())]))) == 1
    with pytest.raises(ValueError, match="window"):
        list(engine.documents([Document(f"{text} tram", ())]))


def test_progress_adds_up_to_the_documents(engine: LoadedEncoder) -> None:
    for count in (3, 8 if engine.runtime == "torch" else 100):
        told: list[int] = []
        assert len(list(engine.documents(PASSAGES[:count], told.append))) == count
        assert sum(told) == count


def test_nothing_to_encode_gives_nothing(engine: LoadedEncoder) -> None:
    assert list(engine.documents([])) == []


def test_an_abandoned_run_leaves_the_encoder_usable(engine: LoadedEncoder) -> None:
    run: Iterator[Encoded] = engine.documents(PASSAGES)
    first = next(run)
    del run
    assert same(next(iter(engine.documents(PASSAGES[:1]))), first)


def test_the_digest_is_the_models_and_not_the_runtimes(engines: dict[str, LoadedEncoder]) -> None:
    digests = {engines[name].digest for name in engines if name != "hashing"}
    assert len(digests) == 1
    assert digests.isdisjoint({engines["hashing"].digest})


def test_a_window_of_many_documents_keeps_their_order(
    encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(encoder, OpenVinoEncoder)
    expected = list(encoder.documents(PASSAGES))
    monkeypatch.setattr("indexer.encoders.openvino._WINDOW", 7)
    assert all_same(encoder.documents(PASSAGES), expected)
