"""The command ``config``: what is set, and where it comes from."""

from pathlib import Path

from service.options import IndexOption, JsonOption
from service.output import write, write_json


def config(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Print each setting and where it comes from."""
    from service.settings import settings_with_origins

    settings, origins = settings_with_origins(index=index)
    shown = {name: (value, origins.get(name, "default")) for name, value in settings}
    if as_json:
        write_json(
            {name: {"value": _plain(value), "from": origin} for name, (value, origin) in shown.items()}
        )
        return
    width = max(map(len, shown))
    write(f"{name:{width}}  {_words(value)}  ({origin})" for name, (value, origin) in shown.items())


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def _words(value: object) -> str:
    plain = _plain(value)
    return (
        ", ".join(map(str, plain)) or "none"
        if isinstance(plain, list)
        else "none"
        if plain is None
        else str(plain)
    )
