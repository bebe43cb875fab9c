"""Settings as one frozen value: defaults, then ``civicite.toml``, then the environment, then options.

Read only where a program begins (command line, HTTP application, ``Assistant.open``) and passed on as
plain arguments.
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from indexer import InputError, Precision, Runtime
from service.askable import MOST_PASSAGES

FILE = "civicite.toml"
PREFIX = "CIVICITE_"


def _folder(value: object) -> object:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("give the path of a folder")
        return Path(value).expanduser()
    return value


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("give addresses or networks, such as 10.0.0.0/8") from None
    return text


def _page_origin(text: str) -> str:
    """Return an origin as browsers send it; each must be named: `*` would let every page read."""
    plain = text.removesuffix("/")
    if not re.fullmatch(r"https?://[^\s/?#*]+", plain):
        raise ValueError("give the origins of pages, such as https://example.org")
    return plain


def _parted(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification asks to ignore a relative path.
    return (Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()) / "civicite"


LogFormat = Literal["auto", "human", "json"]
Folder = Annotated[Path, BeforeValidator(_folder)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, to_lower=True)]
"""Of a computer: capitals say nothing, and browsers send none."""
Network = Annotated[Text, AfterValidator(_network)]
Origin = Annotated[Name, AfterValidator(_page_origin)]
Parted = (NoDecode, BeforeValidator(_parted))
"""A list is one in the file, and parted by commas in a variable."""
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Bytes = Annotated[int, Field(ge=1, le=10**12)]


class Settings(BaseSettings):
    """Every setting; each is a key of ``civicite.toml`` and, in capitals after ``CIVICITE_``, a variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, toml_file=FILE, frozen=True)

    index: Folder = Path("index")
    """The index folder."""
    model: Text | None = None
    """A sentence-transformers folder; None is the model that civicite is installed with."""
    runtime: Runtime = "openvino"
    """What runs the model: openvino, torch, or hashing, a deterministic stand-in for trials."""
    precision: Precision = "auto"
    """auto, bf16 or f32."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Processor cores for the model; None takes all that the process may use."""
    cache_dir: Folder = Field(default_factory=_cache_dir)
    """Where what the runtime prepares once is kept; by default civicite below XDG_CACHE_HOME or ~/.cache."""
    top_k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = 10
    """Passages that are shown when neither a command nor a request says how many."""
    min_confidence: Share | None = None
    """Confidence below which a question is not answered; None is the ranker's own threshold."""
    host: Name = "127.0.0.1"
    """Address to serve on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to serve on; 0 takes a free one."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer over HTTP; they share the port and the index, and each loads the model."""
    pin: bool = False
    """Whether a server process keeps its Python threads to one core, on a machine that it has to itself."""
    log_format: LogFormat = "auto"
    """What a server logs: human, json, or auto, which is human on a terminal and json elsewhere."""
    log_questions: bool = False
    """Whether a server logs the questions that it is asked."""
    remote_writes: bool = False
    """Whether anybody may change articles beyond this machine, with open_reading and without a key."""
    require_keys: bool = False
    """Whether every request needs a key, also on this machine."""
    open_reading: bool = False
    """Whether anybody may ask and read without a key when serving beyond this machine."""
    allowed_hosts: Annotated[tuple[Name, ...], *Parted] = ()
    """Names by which the server may be addressed beside those of this machine."""
    trusted_proxies: Annotated[tuple[Network, ...], *Parted] = ()
    """Addresses or networks of proxies that are believed in X-Forwarded-For and X-Forwarded-Proto."""
    cors_origins: Annotated[tuple[Origin, ...], *Parted] = ()
    """Origins of web pages that may use the interface, such as https://example.org; never `*`."""
    requests_per_minute: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """Requests that a key, or an address without one, may make; None: any here, 600 beyond this machine."""
    max_requests: Annotated[int, Field(ge=1, le=100_000)] = 256
    """Requests that may be under way at a time; more are asked to come again."""
    feedback_bytes: Annotated[int, Field(ge=0, le=10**12)] = 50_000_000
    """The most that the service's database may hold before feedback is refused; 0 keeps none."""
    request_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long a request may take until its answer begins, and an edit until it begins to commit."""
    wait_seconds: Seconds = 30.0
    """How long an edit over HTTP, a pull of feeds or a watched change waits for another writer."""
    fetch_seconds: Seconds = 60.0
    """How long one address may take, redirects included."""
    fetch_bytes: Bytes = 50_000_000
    """The most bytes that are taken from one address, unpacked."""
    allow_private_addresses: bool = False
    """Whether addresses of this machine and of private networks may be fetched."""

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_value(cls, value: object, info: ValidationInfo) -> object:
        """Refuse ``workers = true``, which is 1 to Python and to pydantic, and to nobody who reads it."""
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation is not bool:
            raise ValueError("give a value, not true or false")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, what prevails first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**chosen: Any) -> Settings:
    """Read the settings that hold in the working directory; those ``chosen`` prevail unless they are None.

    Raises InputError, naming file, variable or option, for an unknown one and for a value that does not fit.
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    variables = _variables()
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        origin = _origin(name, given, variables)
        where = f"{FILE}: {name}" if origin == FILE else origin
        if first["type"] == "extra_forbidden":
            known = ", ".join(Settings.model_fields)
            raise InputError(where, "there is no such setting", f"use one of {known}") from error
        wanted = first["msg"].removeprefix("Value error, ")
        problem, mend = f"{first['input']!r} does not fit", wanted[:1].lower() + wanted[1:]
        raise InputError(where, problem, mend) from error
    except OSError as error:
        raise InputError(
            FILE, f"cannot be read ({error.strerror})", "check the file and its permissions"
        ) from error
    except ValueError as error:
        raise InputError(FILE, f"cannot be read ({error})", "write it as TOML in UTF-8") from error


def settings_with_origins(**chosen: Any) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, for each that is no default, where it comes from: file, variable or option."""
    settings, variables = load_settings(**chosen), _variables()
    given = {name: value for name, value in chosen.items() if value is not None}
    return settings, {name: _origin(name, given, variables) for name in settings.model_fields_set}


def as_variables(settings: Settings) -> dict[str, str]:
    """Return the variables of the environment that say the same."""
    return {PREFIX + name.upper(): _written(value) for name, value in settings if value is not None}


def _origin(name: str, given: dict[str, Any], variables: dict[str, str]) -> str:
    return f"--{name.replace('_', '-')}" if name in given else variables.get(name, FILE)


def _variables() -> dict[str, str]:
    """Return the variables that are set, by the names of their settings; InputError for an unknown one."""
    found = {}
    for variable, value in os.environ.items():
        if variable.upper().startswith(PREFIX) and value:
            name = variable[len(PREFIX) :].lower()
            if name not in Settings.model_fields:
                known = ", ".join(PREFIX + one.upper() for one in Settings.model_fields)
                raise InputError(variable, "there is no such setting", f"unset it, or use one of {known}")
            found[name] = variable
    return found


def _written(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
