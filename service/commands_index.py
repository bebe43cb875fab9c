"""The commands that change or look after an index: ``index``, ``remove``, ``status``, ``verify``."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service.options import IndexOption, JsonOption, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Editor, Encoder, Report
    from service.settings import Settings


def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to take in.")],
    index: IndexOption = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Withdraw articles that came from the same PATH and are gone.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Withdraw even if a PATH is empty or more than half is gone.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Take in articles; what is unchanged costs nothing."""
    from indexer import find
    from service.intake import Reading, plan, take_in
    from service.progress import progress

    settings = settings_with(index)
    with progress(len(find(paths))) as shown:
        reading = Reading(paths, shown.advance)
        if dry_run:
            with _planner(settings.index) as editor:
                report = plan(editor, reading, sync=sync)
        else:
            with _editor(settings.index, _encoder_loader(settings, shown.notice)) as editor:
                report = take_in(editor, reading, shown.step, sync=sync, yes=yes)
    if as_json_lines:
        write_json(_as_dict(report, dry_run=dry_run))
    else:
        write(_planned(report) if dry_run else ())
        write([_summary(report)])
    for failure in report.failed:
        complain(f"failed: {failure}")
    if report.failed:
        raise typer.Exit(1)


def remove(
    identities: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of articles.")],
    index: IndexOption = None,
) -> None:
    """Withdraw articles: no answer quotes them from now on."""
    from indexer import Index

    folder = settings_with(index).index
    # An editor would make an index where there is none.
    Index.open(folder).close()
    with _editor(folder, _no_encoder) as editor:
        report = editor.withdraw(identities)
    write([f"withdrawn {len(report.withdrawn)}"])


def status(index: IndexOption = None, as_json_lines: JsonOption = False) -> None:
    """Show what the index holds."""
    from indexer import survey

    folder = settings_with(index).index
    seen = survey(folder)
    recipe = seen.recipe
    facts: dict[str, Any] = {
        "index": str(folder),
        "commit": seen.commit,
        "updated": seen.updated,
        "articles": seen.articles,
        "withdrawn": seen.withdrawn,
        "passages": seen.passages,
        "sentences": seen.sentences,
        "generation": seen.generation,
        "model": recipe.model if recipe else None,
        "model_digest": recipe.model_digest if recipe else None,
        "recipe": recipe.name if recipe else None,
        "size_bytes": seen.size,
        "projections": {"vectors": seen.vectors, "terms": seen.terms},
    }
    if as_json_lines:
        write_json(facts)
        return
    flat = {**facts, **facts.pop("projections")}
    flat.pop("projections", None)
    write(f"{name.replace('_', ' '):<13} {'-' if value is None else value}" for name, value in flat.items())


def verify(
    index: IndexOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild the projections from the catalog, then check again.")
    ] = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Check every text, passage and projection; exit with 1 when anything is damaged."""
    from indexer import check
    from indexer import repair as rebuild

    folder = settings_with(index).index
    if repair:
        rebuild(folder)
    damaged = stale = 0
    for finding in check(folder):
        damaged += finding.kind == "damage"
        stale += finding.kind == "stale"
        if as_json_lines:
            fields = ("kind", "where", "problem", "mend")
            write_json({name: getattr(finding, name) for name in fields})
        else:
            write([str(finding)])
    if not as_json_lines:
        write([f"damaged {damaged}, stale {stale}"])
    if damaged:
        raise typer.Exit(1)


def _encoder_loader(settings: "Settings", notice: Callable[[str], None]) -> "Callable[[], Encoder]":
    def load() -> "Encoder":
        from indexer import load_encoder

        return load_encoder(
            settings.model,
            runtime=settings.runtime,
            cache_dir=settings.cache_dir,
            precision=settings.precision,
            threads=settings.threads,
            notice=notice,
        )

    return load


def _no_encoder() -> NoReturn:
    raise AssertionError("nothing is encoded here")


def _editor(folder: Path, load: "Callable[[], Encoder]") -> "Editor":
    from indexer import Editor

    return Editor(folder, load)


@contextmanager
def _planner(folder: Path) -> "Iterator[Editor]":
    """An editor that only plans; where there is no index yet, one over an empty index that goes away."""
    from indexer import Index, IndexNotFound

    with TemporaryDirectory() as empty:
        try:
            with closing(Index.open(folder)):
                place = folder
        except IndexNotFound:
            place = Path(empty, "index")
        with _editor(place, _no_encoder) as editor:
            yield editor


def _summary(report: "Report") -> str:
    return ", ".join(f"{name} {count}" for name, count in _counts(report).items())


def _counts(report: "Report") -> dict[str, int]:
    names = ("added", "changed", "unchanged", "withdrawn", "failed")
    return {name: len(getattr(report, name)) for name in names}


def _planned(report: "Report") -> Iterator[str]:
    for name in ("added", "changed", "withdrawn"):
        yield from (f"{name} {identity}" for identity in getattr(report, name))


def _as_dict(report: "Report", *, dry_run: bool) -> dict[str, Any]:
    return {
        **_counts(report),
        "dry_run": dry_run,
        "encoded_passages": report.encoded,
        "articles": {name: getattr(report, name) for name in ("added", "changed", "withdrawn")},
        "failures": [{"where": one.where, "problem": one.problem, "mend": one.mend} for one in report.failed],
    }
