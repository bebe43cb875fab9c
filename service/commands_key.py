"""The commands ``key create``, ``key list`` and ``key revoke``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from service.groups import group
from service.options import IndexOption, JsonOption, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from service.keys import Key

app = group("key", "API keys: who may ask, change, administer.")


@app.command()
def create(
    scope: Annotated[
        str, typer.Option(metavar="SCOPE", help="read, write (and read), or admin (all).")
    ] = "write",
    name: Annotated[str, typer.Option(metavar="NAME", help="Whose it is, or what for.")] = "",
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, once: only its digest is kept."""
    from service.keys import SCOPES, create_key

    if scope not in SCOPES:
        raise typer.BadParameter(f"{scope!r} is none of {', '.join(SCOPES)}", param_hint="--scope")
    secret, key = create_key(_file(index), scope, name)
    if as_json:
        write_json({"key": secret, **_shown(key)})
    else:
        write([secret])
        complain(f"key {key.id} ({key.scope}): kept nowhere else; send it as 'Authorization: Bearer …'")


@app.command("list")
def list_(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the keys by their ids; the keys themselves are nowhere kept."""
    from service.keys import list_keys

    keys = list_keys(_file(index))
    if not keys and not as_json:
        complain("there are no keys; 'civicite key create' makes one")
    for key in keys:
        if as_json:
            write_json(_shown(key))
        else:
            state = f"revoked {key.revoked}" if key.revoked else "valid"
            write([f"{key.id}  {key.scope:5}  {key.created}  {state}  {key.name}".rstrip()])


@app.command()
def revoke(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As 'key list' shows it.")],
    index: IndexOption = None,
) -> None:
    """Revoke a key: a running server refuses it from the next request on."""
    from service.keys import revoke_key

    key = revoke_key(_file(index), identity)
    write([f"revoked {key.id}"])


def _shown(key: "Key") -> dict[str, object]:
    return {name: value for name, value in asdict(key).items() if name != "digest"}


def _file(index: "Path | None") -> "Path":
    from service.store import store_of

    return store_of(settings_with(index).index)
