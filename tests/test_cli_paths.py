"""A path that is empty names nothing: no command takes it for the folder that it is called in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer.main

from service.cli import app, run


def _places(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield how each argument and option that names a file or folder is given."""
    for name, one in getattr(command, "commands", {}).items():
        yield from _places(one, *names, name)
    hints = get_type_hints(command.callback)
    for param in command.params:
        hint = hints.get(param.name)
        if hint is Path or Path in get_args(hint) or param.metavar == "PATH...":
            option = param.opts[:1] if param.param_type_name == "option" else []
            yield (*names, *option)


PLACES = list(_places(typer.main.get_command(app)))


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_an_empty_path_is_refused_and_nothing_is_made(
    place: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("The quay has 3 cranes.", encoding="utf-8")
    assert run([*place, ""]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "it is empty and names nothing" in said
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_every_kind_of_path_is_among_those_that_are_tried() -> None:
    assert {("index",), ("watch",), ("backup",), ("restore",), ("verify-answer",)} <= set(PLACES)
    assert {("ask", "--index"), ("feed", "pull", "--index"), ("evaluate", "--report")} <= set(PLACES)


def test_the_dot_is_the_folder_that_a_command_is_called_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    (tmp_path / "notes.txt").write_text("The quay has 3 cranes.", encoding="utf-8")
    assert run(["index", ".", "--index", "made"]) == 0
    assert capsys.readouterr().out.startswith("added 1,")
