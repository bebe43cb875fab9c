import json
import shutil
from pathlib import Path

import pytest

from indexer.encoder import Document
from indexer.encoders import load_encoder
from indexer.encoders.tokens import Tokens
from indexer.errors import EncoderError
from indexer.modelfolder import DEFAULT_MODEL, find_model

POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default model's folder with a few bytes for weights."""
    model = tmp_path / "small-model"
    shutil.copytree(find_model(None).path, model, ignore=shutil.ignore_patterns("*.safetensors"))
    (model / "model.safetensors").write_bytes(b"weights")
    return model


def write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content))


def test_the_default_model_is_found_by_none_and_by_name() -> None:
    found = find_model(None)
    assert found == find_model(DEFAULT_MODEL)
    assert (found.dimension, found.max_length, found.pooling) == (384, 256, "mean")
    assert (found.query_prompt, found.document_prompt) == ("", "")


def test_a_folder_is_named_by_its_last_part(folder: Path) -> None:
    assert find_model(str(folder)).name == "small-model"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (POOLING, {"embedding_dimension": 384, "pooling_mode": "cls"}),
        (PROMPTS, {"prompts": {"query": "ask: "}}),
        ("sentence_bert_config.json", {"max_seq_length": 128}),
        ("config.json", {"hidden_size": 384}),
    ],
)
def test_the_digest_follows_whatever_decides_a_vector(folder: Path, file: str, content: object) -> None:
    before = find_model(str(folder)).digest()
    assert find_model(str(folder)).digest() == before
    write(folder / file, content)
    assert find_model(str(folder)).digest() != before


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_the_digest_follows_every_byte_of_weights_and_tokenizer(folder: Path, name: str) -> None:
    before = find_model(str(folder)).digest()
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert find_model(str(folder)).digest() != before


def test_the_digest_does_not_follow_the_folders_place(folder: Path, tmp_path: Path) -> None:
    before = find_model(str(folder)).digest()
    folder.rename(tmp_path / "elsewhere")
    assert find_model(str(tmp_path / "elsewhere")).digest() == before


@pytest.mark.parametrize(
    ("config", "query", "document"),
    [
        ({"prompts": {"query": "q: ", "passage": "p: "}}, "q: ", "p: "),
        ({"prompts": {"query": "q: ", "any": "a: "}, "default_prompt_name": "any"}, "q: ", "a: "),
        ({"prompts": {"any": "a: "}, "default_prompt_name": None}, "", ""),
    ],
)
def test_prompts_are_chosen_by_their_names(folder: Path, config: object, query: str, document: str) -> None:
    write(folder / PROMPTS, config)
    found = find_model(str(folder))
    assert (found.query_prompt, found.document_prompt) == (query, document)


@pytest.mark.parametrize("pooled", [True, False])
def test_a_prompt_takes_room_and_counts_for_the_mean_unless_the_model_says_no(
    folder: Path, pooled: bool
) -> None:
    write(folder / PROMPTS, {"prompts": {"document": "note: "}})
    write(folder / POOLING, {"embedding_dimension": 384, "pooling_mode": "mean", "include_prompt": pooled})
    tokens = Tokens(find_model(str(folder)))
    [row] = tokens.rows([Document("trams", ())])
    assert tokens.window == 252
    assert tokens.count(["trams", ""]) == [1, 0]
    assert row.pooled.tolist() == [pooled] * 3 + [True] * 2


def test_without_a_window_of_its_own_a_model_has_its_tokenizers(folder: Path) -> None:
    (folder / "sentence_bert_config.json").unlink()
    assert find_model(str(folder)).max_length == 512


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        (POOLING, {"embedding_dimension": 384, "pooling_mode": "lasttoken"}, "lasttoken"),
        (POOLING, {"embedding_dimension": 384, "pooling_mode": ["mean", "max"]}, r"mean \+ max"),
        (POOLING, {"word_embedding_dimension": 384, "pooling_mode_max_tokens": True}, "max_tokens"),
        (POOLING, [], "1_Pooling"),
        ("config.json", "no object", "config.json"),
        ("modules.json", {}, "modules.json"),
        ("modules.json", [{"type": "sentence_transformers.models.StaticEmbedding"}], "modules.json"),
    ],
)
def test_what_would_give_other_vectors_is_refused_by_name(
    folder: Path, file: str, content: object, named: str
) -> None:
    write(folder / file, content)
    with pytest.raises(EncoderError, match=named):
        find_model(str(folder))


def test_a_dense_module_is_refused_by_name(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_bytes())
    write(
        folder / "modules.json", [*modules, {"type": "sentence_transformers.models.Dense", "path": "3_Dense"}]
    )
    with pytest.raises(EncoderError, match="Dense"):
        find_model(str(folder))


@pytest.mark.parametrize(
    "missing", ["modules.json", "tokenizer.json", "config.json", "model.safetensors", POOLING]
)
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(EncoderError, match=missing.rpartition("/")[2]):
        find_model(str(folder))


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(EncoderError, match="no such folder"):
        find_model("/nowhere/model")


def test_weights_that_cannot_be_converted_are_an_error_with_the_folders_name(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(EncoderError, match="small-model"):
        load_encoder(str(folder), cache_dir=tmp_path / "cache")


def test_an_unreadable_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"tokenizer\.json"):
        Tokens(find_model(str(folder)))
