"""Settings as one frozen value: defaults, then ``civicite.toml``, then the environment, then options.

Read only where a program begins (command line, HTTP application, ``Assistant.open``) and passed on as
plain arguments. A plain dataclass rather than pydantic-settings, whose import alone would cost a third
of the time in which ``civicite ask`` answers.
"""

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from indexer import InputError, Precision, Runtime

FILE = "civicite.toml"
PREFIX = "CIVICITE_"

LogFormat = Literal["auto", "human", "json"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; each is a key of ``civicite.toml`` and, in capitals after ``CIVICITE_``, a variable."""

    index: Path = Path("index")
    """The index folder."""
    model: str | None = None
    """A sentence-transformers folder; None is the model that civicite is installed with."""
    runtime: Runtime = "openvino"
    """What runs the model: openvino, torch, or hashing, a deterministic stand-in for trials."""
    precision: Precision = "auto"
    """auto, bf16 or f32."""
    threads: int | None = None
    """Processor cores for the model; None takes all that the process may use."""
    cache_dir: Path = field(default_factory=lambda: _cache_dir(os.environ))
    """Where what the runtime prepares once is kept; by default civicite below XDG_CACHE_HOME or ~/.cache."""
    top_k: int = 10
    """Passages that are shown when neither a command nor a request says how many."""
    min_confidence: float | None = None
    """Confidence below which a question is not answered; None is the ranker's own threshold."""
    host: str = "127.0.0.1"
    """Address to serve on."""
    port: int = 8000
    """Port to serve on; 0 takes a free one."""
    workers: int = 1
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
    allowed_hosts: tuple[str, ...] = ()
    """Names by which the server may be addressed beside those of this machine."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies that are believed in X-Forwarded-For and X-Forwarded-Proto."""
    cors_origins: tuple[str, ...] = ()
    """Origins of web pages that may use the interface, such as https://example.org."""
    requests_per_minute: int | None = None
    """Requests that a key, or an address without one, may make; None: any here, 600 beyond this machine."""
    max_requests: int = 256
    """Requests that may be under way at a time; more are asked to come again."""
    feedback_bytes: int = 50_000_000
    """The most that the service's database may hold before feedback is refused; 0 keeps none."""
    request_seconds: float = 60.0
    """How long a request may take until its answer begins."""
    wait_seconds: float = 30.0
    """How long an edit over HTTP, a pull of feeds or a watched change waits for another writer."""
    fetch_seconds: float = 60.0
    """How long one address may take, redirects included."""
    fetch_bytes: int = 50_000_000
    """The most bytes that are taken from one address, unpacked."""
    allow_private_addresses: bool = False
    """Whether addresses of this machine and of private networks may be fetched."""


def load_settings(
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    chosen: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings that hold in a working directory; those ``chosen`` prevail unless they are None.

    Raises InputError, naming file or variable, for an unknown key or variable and for a value of the wrong
    kind.
    """
    return settings_with_origins(folder, environment, chosen)[0]


def settings_with_origins(
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    chosen: Mapping[str, object] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, for each that is no default, where it comes from: file, variable or option."""
    environment = os.environ if environment is None else environment
    file = (folder or Path()) / FILE
    values: dict[str, Any] = {"cache_dir": _cache_dir(environment)}
    origins: dict[str, str] = {}
    for name, value in _read(file).items():
        values[name], origins[name] = _checked(name, value, f"{file}: {name}"), str(file)
    for variable, written in environment.items():
        if variable.startswith(PREFIX) and written:
            name = _named(variable)
            values[name], origins[name] = _checked(name, written, variable), variable
    for name, value in (chosen or {}).items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            values[name], origins[name] = _checked(name, value, option), option
    return Settings(**values), origins


def _named(variable: str) -> str:
    name = variable.removeprefix(PREFIX).lower()
    if name not in CHECKS:
        known = ", ".join(PREFIX + one.upper() for one in CHECKS)
        raise InputError(variable, "there is no such setting", f"unset it, or use one of {known}")
    return name


def _cache_dir(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CACHE_HOME", "")
    # The XDG specification asks to ignore a relative path.
    return (Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()) / "civicite"


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(str(file), f"cannot be read ({error})", "write it as TOML in UTF-8") from error
    for name in values:
        if name not in CHECKS:
            raise InputError(f"{file}: {name}", "there is no such setting", f"use one of {', '.join(CHECKS)}")
    return values


def _checked(name: str, value: object, where: str) -> object:
    try:
        return CHECKS[name](value)
    except ValueError as error:
        raise InputError(where, f"{value!r} does not fit", f"give {error}") from error


def _folder(value: object) -> Path:
    if isinstance(value, str | Path) and str(value).strip():
        return Path(value).expanduser()
    raise ValueError("the path of a folder")


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a text")


def _texts(value: object) -> tuple[str, ...]:
    given = value.split(",") if isinstance(value, str) else value
    if isinstance(given, list | tuple) and all(isinstance(one, str) and one.strip() for one in given):
        return tuple(one.strip() for one in given)
    raise ValueError("a list of texts")


def _addresses(value: object) -> tuple[str, ...]:
    try:
        given = _texts(value)
        for one in given:
            ipaddress.ip_network(one)
    except ValueError:
        raise ValueError("a list of addresses or networks") from None
    return given


def _boolean(value: object) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() in known:
        return known[str(value).lower()]
    raise ValueError("true or false")


def _whole(least: int, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        # An environment variable is text; true and 2.5 are numbers to Python, and none to a reader.
        if str(value).isdecimal() and least <= int(str(value)) <= most:
            return int(str(value))
        raise ValueError(f"a whole number from {least} to {most}")

    return check


def _number(most: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except ValueError:
                number = -1.0
            if 0 <= number <= most:
                return number
        raise ValueError(f"a number from 0 to {most:g}")

    return check


def _one_of(allowed: tuple[str, ...]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value in allowed:
            return str(value)
        raise ValueError(f"one of {', '.join(allowed)}")

    return check


CHECKS: Mapping[str, Callable[[object], Any]] = {
    "index": _folder,
    "model": _text,
    "runtime": _one_of(get_args(Runtime)),
    "precision": _one_of(get_args(Precision)),
    "threads": _whole(1, 1024),
    "cache_dir": _folder,
    "top_k": _whole(1, 1000),
    "min_confidence": _number(1.0),
    "host": _text,
    "port": _whole(0, 65535),
    "workers": _whole(1, 64),
    "pin": _boolean,
    "log_format": _one_of(get_args(LogFormat)),
    "log_questions": _boolean,
    "remote_writes": _boolean,
    "require_keys": _boolean,
    "open_reading": _boolean,
    "allowed_hosts": _texts,
    "trusted_proxies": _addresses,
    "cors_origins": _texts,
    "requests_per_minute": _whole(1, 10**9),
    "max_requests": _whole(1, 100_000),
    "feedback_bytes": _whole(0, 10**12),
    "request_seconds": _number(86_400.0),
    "wait_seconds": _number(3600.0),
    "fetch_seconds": _number(3600.0),
    "fetch_bytes": _whole(1, 10**12),
    "allow_private_addresses": _boolean,
}
"""What each setting must be; ValueError says it in words."""
