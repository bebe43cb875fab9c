"""The commands that change or look after an index: ``index``, ``remove``, ``status``, ``verify``."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service.options import IndexOption, JsonOption, PrivateOption, WaitOption, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Editor, Encoder, Fetcher, Gathered, Report
    from service.settings import Settings


def index(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders and web addresses to take in.")
    ],
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
    allow_private_addresses: PrivateOption = None,
    wait: WaitOption = 0,
    as_json_lines: JsonOption = False,
) -> None:
    """Take in articles; what is unchanged costs nothing."""
    from indexer import ReadError, Report, find, is_address
    from service.feedback import forget_erased
    from service.intake import Reading, plan, take_in
    from service.progress import progress

    settings = settings_with(index, allow_private_addresses=allow_private_addresses)
    addresses = [path for path in paths if is_address(path)]
    files = [Path(path) for path in paths if not is_address(path)]
    with progress(len(find(files)) + len(addresses)) as shown:
        # Fetched before the index is opened: a slow server never holds its lock.
        gathered = _gathered(settings, addresses, shown.advance) if addresses else None
        fetched = gathered.found if gathered else []
        reading = Reading(files, shown.advance, fetched)
        if not files and all(isinstance(one, ReadError) for one in fetched):
            report = Report(failed=[one for one in fetched if isinstance(one, ReadError)])
        elif dry_run:
            with _planner(settings.index) as editor:
                report = plan(editor, reading, sync=sync)
        else:
            load = encoder_loader(settings, shown.notice)
            with _interruptible(), _editor(settings.index, load, wait) as editor:
                report = take_in(editor, reading, shown.step, sync=sync, yes=yes)
            forget_erased(settings.index)
        if gathered is not None:
            report.unchanged += gathered.unchanged
            _remember(settings.index, gathered, dry_run=dry_run)
    if files and not addresses and not find(files):
        complain("there is nothing here to take in; files end in .md, .txt, .html, .pdf, .docx or .jsonl")
    if as_json_lines:
        write_json(as_dict(report, dry_run=dry_run))
    else:
        write(changes(report) if dry_run else ())
        write([summary(report)])
    for failure in report.failed:
        complain(f"failed: {failure}")
    if report.failed:
        raise typer.Exit(1)


def remove(
    identities: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of articles.")],
    index: IndexOption = None,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase", help="Delete them and all their revisions for good, also when withdrawn before."
        ),
    ] = False,
    wait: WaitOption = 0,
) -> None:
    """Withdraw articles: no answer quotes them from now on."""
    from indexer import Index
    from service.feedback import forget_erased

    folder = settings_with(index).index
    # An editor would make an index where there is none.
    Index.open(folder).close()
    try:
        with _editor(folder, _no_encoder, wait) as editor:
            report = editor.erase(identities) if erase else editor.withdraw(identities)
    finally:
        # Also where a reader holds the end of the erasure up, or an earlier one was finished.
        forget_erased(folder)
    write([f"erased {len(report.erased)}" if erase else f"withdrawn {len(report.withdrawn)}"])
    for identity, others in report.copies.items():
        complain(f"{identity}: the same text is also that of {', '.join(others)}")


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
        "damaged": list(seen.damaged),
        "erasing": seen.erasing,
    }
    if as_json_lines:
        write_json(facts)
        return
    flat = {**facts, **facts.pop("projections"), "damaged": ", ".join(seen.damaged) or None}
    flat["erasing"] = "not finished: files may hold traces" if seen.erasing else None
    flat.pop("projections", None)
    write(f"{name.replace('_', ' '):<13} {'-' if value is None else value}" for name, value in flat.items())


def verify(
    index: IndexOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild the projections from the catalog, then check again.")
    ] = False,
    wait: WaitOption = 0,
    as_json_lines: JsonOption = False,
) -> None:
    """Check every text, passage and projection. Exits with 1 when anything is damaged."""
    from indexer import check
    from indexer import repair as rebuild

    folder = settings_with(index).index
    if repair:
        from service.feedback import forget_erased

        rebuild(folder, wait=wait)
        forget_erased(folder)
    damaged = stale = lost = 0
    for finding in check(folder):
        damaged += finding.kind == "damage"
        stale += finding.kind == "stale"
        lost += finding.kind == "lost"
        if as_json_lines:
            fields = ("kind", "where", "problem", "mend")
            write_json({name: getattr(finding, name) for name in fields})
        else:
            write([str(finding)])
    if not as_json_lines:
        write([f"damaged {damaged}, stale {stale}" + (f", lost {lost}" if lost else "")])
    if damaged:
        raise typer.Exit(1)


def encoder_loader(settings: "Settings", notice: Callable[[str], None]) -> "Callable[[], Encoder]":
    """Return what loads the model of the settings."""

    def load() -> "Encoder":
        from service.encoder import chosen_encoder

        return chosen_encoder(settings, notice)

    return load


def _gathered(settings: "Settings", addresses: list[str], advance: Callable[[], None]) -> "Gathered":
    from indexer import gather

    return gather(settings.index, addresses, fetcher(settings), advance)


def _remember(folder: Path, gathered: "Gathered", *, dry_run: bool) -> None:
    from indexer import remember_pages

    if not dry_run:
        remember_pages(folder, gathered)


def fetcher(settings: "Settings") -> "Fetcher":
    """Return what fetches addresses as the settings allow."""
    from indexer import Fetcher, chosen_limits

    limits = chosen_limits(settings.fetch_seconds, settings.fetch_bytes)
    return Fetcher(limits, allow_private=settings.allow_private_addresses)


def _no_encoder() -> NoReturn:
    raise AssertionError("nothing is encoded here")


def _editor(folder: Path, load: "Callable[[], Encoder]", wait: float = 0) -> "Editor":
    from indexer import Editor

    return Editor(folder, load, wait=wait)


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


@contextmanager
def _interruptible() -> "Iterator[None]":
    """Say, when somebody stops a run, that nothing is broken."""
    try:
        yield
    except KeyboardInterrupt:
        complain("civicite: stopped; what is committed stays, and the same command goes on from there")
        raise typer.Exit(130) from None


def summary(report: "Report") -> str:
    """Return the counts of a report as one line."""
    return ", ".join(f"{name} {count}" for name, count in _counts(report).items())


def _counts(report: "Report") -> dict[str, int]:
    names = ("added", "changed", "unchanged", "withdrawn", "failed")
    return {name: len(getattr(report, name)) for name in names}


def changes(report: "Report") -> Iterator[str]:
    """Yield a line for each article that is added, changed or withdrawn."""
    for name in ("added", "changed", "withdrawn"):
        yield from (f"{name} {identity}" for identity in getattr(report, name))


def as_dict(report: "Report", **more: Any) -> dict[str, Any]:
    """Return a report as JSON shows it."""
    return {
        **_counts(report),
        **more,
        "encoded_passages": report.encoded,
        "articles": {name: getattr(report, name) for name in ("added", "changed", "withdrawn")},
        "failures": [{"where": one.where, "problem": one.problem, "mend": one.mend} for one in report.failed],
    }
