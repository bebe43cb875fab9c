"""What the README and the pages say is held against the code."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from service import cli
from service.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def corpus_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents") / "index"
    run("index", ROOT / "corpus", "--index", folder)
    return folder


def run(*arguments: str | Path) -> str:
    command = [Path(sys.executable).with_name("civicite"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_exchange_that_opens_the_readme_is_what_the_command_prints(corpus_index: Path) -> None:
    shown = README.split("```console\n", 1)[1].split("```", 1)[0]
    exchanges = re.findall(r'\$ civicite ask "([^"]+)"\n(.*?)(?=\$ civicite|\Z)', shown, re.DOTALL)
    assert len(exchanges) == 2
    for question, expected in exchanges:
        assert run("ask", question, "--index", corpus_index).startswith(expected.rstrip("\n"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_page_on_settings(name: str) -> None:
    assert f"| `{name}` |" in SETTINGS


def commands(app: typer.Typer, *before: str) -> Iterator[str]:
    for one in app.registered_commands:
        assert one.callback is not None
        yield " ".join([*before, one.name or one.callback.__name__])
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, *before, str(group.typer_instance.info.name))


@pytest.mark.parametrize("command", [*commands(cli.app)])
def test_every_command_is_in_the_readme_and_has_a_help_text(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"civicite {command}" in README
    assert cli.run([*command.split(), "--help"]) == 0
    usage, told, *_ = capsys.readouterr().out.strip().split("\n\n")
    assert usage.startswith(f"Usage: civicite {command} ")
    assert not told.startswith(("Arguments:", "Options:"))


def test_every_link_within_the_documents_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "corpus").glob("README.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_readme_names_every_top_level_folder_of_the_tree() -> None:
    for folder in ("indexer", "service", "corpus", "tests", "notebooks", "benchmarks", "docs"):
        assert re.search(rf"^{folder}/ ", README, re.MULTILINE)
        assert (ROOT / folder).is_dir()


def test_every_file_that_the_overview_names_is_there() -> None:
    overview = (ROOT / "docs" / "overview.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:indexer|service)/[\w/]+(?:\.py|\.json|/))`", overview):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_every_page_of_the_manual_can_be_reached_from_the_readme(page: Path) -> None:
    linked = {ROOT / target for target in re.findall(r"\]\(([^)#:]+)", README)}
    further = {
        one.parent / target
        for one in linked
        if one.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)", one.read_text(encoding="utf-8"))
    }
    assert page.resolve() in {one.resolve() for one in linked | further}
