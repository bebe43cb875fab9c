"""The chat door, used by the real openai client over a real socket."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from building import article, put
from commandline import ENVIRONMENT, served
from fastapi import FastAPI
from running import running

from indexer import IndexDamaged
from service import answering
from service.http import create_app
from service.keys import create_key
from service.settings import Settings
from service.store import store_of

ARTICLES = [
    article("well", "The well of Oldtown was opened in 1880. It is deep.", "The well", publisher="Board"),
    article("a mill", "Milltown has 14 bridges.", "Bridges", city="Milltown"),
    article("old", "Oldtown has 9 bridges.", "Old bridges", city="Oldtown"),
]
QUESTION = "When was the well of Oldtown opened?"
ANSWERS = {"civicite": {"min_confidence": 0}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("chat") / "index"
    put(place, ARTICLES)
    return place


@pytest.fixture(scope="module")
def app(folder: Path) -> FastAPI:
    return create_app(Settings(index=folder, runtime="hashing"))


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with running(app) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


def said(*texts: str) -> list[Any]:
    roles = ("user", "assistant")
    return [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]


def ask(client: openai.OpenAI, *texts: str, **more: Any) -> Any:
    wishes = {"extra_body": ANSWERS, **more}
    return client.chat.completions.create(model="civicite", messages=said(*texts), **wishes)


def test_a_message_holds_the_answer_with_numbers_sources_and_annotations(
    client: openai.OpenAI, address: str
) -> None:
    completion = ask(client, QUESTION)
    choice = completion.choices[0]
    assert (completion.object, choice.finish_reason, choice.message.role) == (
        "chat.completion",
        "stop",
        "assistant",
    )
    content = choice.message.content
    assert content.startswith("The well of Oldtown was opened in 1880. [1]")
    assert "[1] The well, Board: http" in content
    plain = httpx.post(f"{address}/v1/ask", json={"question": QUESTION, "min_confidence": 0}).json()
    own = completion.civicite
    assert {**own, "timing_ms": None, "understood": None} == {**plain, "timing_ms": None, "understood": None}
    for number, noted in enumerate(choice.message.annotations):
        cited = noted.url_citation
        marked = content[cited.start_index : cited.end_index]
        assert marked == f"{own['citations'][number]['quote']} [{number + 1}]"
        assert httpx.get(cited.url).json()["text"] == own["citations"][number]["quote"]
    counted = completion.usage
    assert (
        counted.total_tokens == counted.prompt_tokens + counted.completion_tokens > counted.prompt_tokens > 0
    )


def test_a_stream_ends_with_the_same_message(client: openai.OpenAI) -> None:
    whole = ask(client, QUESTION)
    chunks = list(ask(client, QUESTION, stream=True, stream_options={"include_usage": True}))
    *told, last = chunks
    content = "".join(chunk.choices[0].delta.content or "" for chunk in told)
    assert content == whole.choices[0].message.content
    noted = [one for chunk in told for one in getattr(chunk.choices[0].delta, "annotations", None) or []]
    expected = [one.model_dump() for one in whole.choices[0].message.annotations]
    assert noted == [{"index": number, **one} for number, one in enumerate(expected)]
    assert told[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in told[:-1]] == [None] * (len(told) - 1)
    assert told[-1].choices[0].finish_reason == "stop"
    assert told[-1].civicite["citations"] == whole.civicite["citations"]
    assert (last.choices, last.usage) == ([], whole.usage)
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_clients_own_helper_puts_a_streamed_answer_of_several_sentences_together(
    client: openai.OpenAI,
) -> None:
    question = "When was the well of Oldtown opened and how many bridges are in Milltown?"
    whole = ask(client, question)
    assert len(whole.choices[0].message.annotations) > 1
    wishes: Any = {"model": "civicite", "messages": said(question), "extra_body": ANSWERS}
    with client.chat.completions.stream(**wishes) as stream:
        message: Any = stream.get_final_completion().choices[0].message
    assert message.content == whole.choices[0].message.content
    got = [one.url_citation.model_dump() for one in message.annotations]
    assert got == [one.url_citation.model_dump() for one in whole.choices[0].message.annotations]


def test_earlier_turns_explain_the_last_one(client: openai.OpenAI) -> None:
    completion = ask(
        client, "How many bridges are in Milltown?", "Milltown has 14 bridges. [1]", "And in Oldtown?"
    )
    assert completion.civicite["understood"] == {
        "asked": "And in Oldtown?",
        "question": "How many bridges are in Oldtown?",
        "replaced": [{"words": "And in Oldtown?", "stand_for": "Oldtown for Milltown"}],
    }
    assert completion.choices[0].message.content.startswith("Oldtown has 9 bridges. [1]")


def test_an_abstention_is_a_message_with_the_reason_and_the_nearest_passages(client: openai.OpenAI) -> None:
    completion = ask(client, QUESTION, extra_body={"civicite": {"min_confidence": 1}})
    content = completion.choices[0].message.content
    assert content.startswith("I cannot answer this from the collection.")
    assert completion.civicite["message"] in content
    assert "The well: “The well of Oldtown" in content
    assert completion.choices[0].message.annotations == []
    assert completion.civicite["abstained"] is True


def test_parts_of_content_are_read_and_other_roles_are_passed_over(client: openai.OpenAI) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
    ]
    completion = client.chat.completions.create(model="civicite", messages=messages, extra_body=ANSWERS)
    assert completion.choices[0].message.content.startswith("The well of Oldtown")  # type: ignore[union-attr]


def test_filters_and_moments_are_civicites_own_field(client: openai.OpenAI) -> None:
    wishes = {"civicite": {"min_confidence": 0, "filters": {"city": ["Milltown"]}, "as_of": 1, "top_k": 1000}}
    completion = ask(client, "How many bridges?", extra_body=wishes)
    assert [one["article_id"] for one in completion.civicite["citations"]] == ["a mill"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_that_is_too_long_is_refused_before_anything_reads_it(
    stream: bool, client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    monkeypatch.setattr("service.http_chat.understood", lambda *given: read.append(given))
    with pytest.raises(openai.BadRequestError, match="question: it has 2001 characters"):
        ask(client, QUESTION, "In 1880.", "a" * 2001, stream=stream)
    assert read == []


def test_what_cannot_matter_is_of_no_effect(client: openai.OpenAI) -> None:
    completion = ask(
        client,
        QUESTION,
        temperature=1.3,
        top_p=0.1,
        max_tokens=1,
        seed=7,
        stop=["well"],
        user="u",
        n=1,
        tools=[],
    )
    assert completion.choices[0].message.content == ask(client, QUESTION).choices[0].message.content


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"modalities": ["audio"]}, "modalities"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_given_is_refused_by_name(
    wishes: dict[str, Any], param: str, stream: bool, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, QUESTION, stream=stream, **wishes)
    assert (raised.value.param, raised.value.code) == (param, "unsupported_parameter")
    assert raised.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"frequency": 1}, "frequency"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"civicite": {"mood": 1}}, "civicite.mood"),
        ({"civicite": {"min_confidence": 2}}, "civicite.min_confidence"),
        ({"civicite": {"filters": {"published_from": "2020"}}}, "civicite.filters"),
        ({"civicite": {"filters": {"published": {"to": "x"}}}}, "civicite.filters.published.to"),
        ({"civicite": {"as_of": "soon"}}, "civicite.as_of"),
    ],
)
def test_a_body_that_does_not_fit_is_a_bad_request_that_names_the_field(
    body: dict[str, Any], param: str, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, QUESTION, extra_body=body)
    assert raised.value.param == param


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "Be kind."}],
        [{"role": "user", "content": " "}],
        [{"role": "user", "content": "x" * 2001}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}],
    ],
)
def test_a_conversation_without_a_question_is_a_bad_request(messages: Any, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="civicite", messages=messages)


def test_the_one_model_is_listed_and_no_other_is_there(client: openai.OpenAI) -> None:
    assert [one.id for one in client.models.list()] == ["civicite"]
    assert client.models.retrieve("civicite").created > 0
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="gpt", messages=said(QUESTION))
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt")


def test_damage_is_an_error_of_openais_shape_that_names_no_file(
    client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*arguments: Any) -> Any:
        raise IndexDamaged("/srv/index/catalog.sqlite is torn")

    monkeypatch.setattr(answering, "gather", damaged)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as raised:
            list(ask(client, QUESTION, stream=stream))
        assert raised.value.type == "server_error"
        assert "/srv" not in json.dumps(raised.value.body)


def test_a_bug_is_an_error_of_openais_shape(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "gather", lambda *arguments: 1 / 0)
    with running(app) as address:
        body = {"model": "civicite", "messages": said(QUESTION)}
        response = httpx.post(f"{address}/v1/chat/completions", json=body)
        assert response.status_code == 500
        assert response.json()["error"]["type"] == "server_error"


def test_an_error_so_long_that_it_is_packed_has_openais_shape_too(address: str) -> None:
    wrong = {f"{number}{'🏙' * 200}": 1 for number in range(5)}
    packed = httpx.post(
        f"{address}/v1/chat/completions",
        json={"model": "civicite", "messages": said(QUESTION), **wrong},
        headers={"Accept-Encoding": "gzip"},
    )
    assert packed.status_code == 400, packed.text
    assert packed.json()["error"]["type"] == "invalid_request_error"
    assert packed.headers["content-encoding"] == "gzip"


def test_a_key_is_the_api_key_of_the_client(folder: Path) -> None:
    key, _ = create_key(store_of(folder), "read")
    wanted = {**ENVIRONMENT, "CIVICITE_REQUIRE_KEYS": "true"}
    with served(folder, environment=wanted) as address:
        with openai.OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError) as raised:
                stranger.models.list()
            assert raised.value.type == "authentication_error"
        with openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as known:
            assert ask(known, QUESTION).choices[0].message.content
