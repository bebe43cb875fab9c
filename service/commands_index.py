"""The commands that change or look after an index: ``index``, ``remove``, ``status``, ``verify``."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service.options import IndexOption, JsonOption, PrivateOption, WaitOption, given_place, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Editor, Encoder, Report
    from service.settings import Settings

KINDS_SHOWN = 8
"""Suffixes of files that are passed over that are named."""


def index(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Files, folders and web addresses to take in.", parser=given_place
        ),
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
    from indexer import find
    from service.intake import Reading, sorted_out, take_in_all
    from service.progress import progress

    settings = settings_with(index, allow_private_addresses=allow_private_addresses)
    files, addresses = sorted_out(paths)
    passed_over = set[Path]()
    sources = find(files, passed_over)
    with progress(len(sources) + len(addresses)) as shown:
        load = encoder_loader(settings, shown.notice)
        report = take_in_all(
            settings.index,
            Reading(files, sources, shown.advance),
            addresses,
            settings,
            lambda: _planner(settings.index) if dry_run else _interruptible(settings.index, load, wait),
            sync=sync,
            yes=yes,
            dry_run=dry_run,
            step=shown.step,
        )
    if as_json_lines:
        write_json(as_dict(report, dry_run=dry_run))
    else:
        write(changes(report) if dry_run else ())
        write([summary(report)])
    told = [] if sources or addresses else ["there is nothing here to take in"]
    others = [path for path in passed_over if not path.is_relative_to(settings.index.resolve())]
    if others and not as_json_lines:
        told.append(_counted(others))
    if told:
        complain("; ".join([*told, "files end in .md, .txt, .html, .pdf, .docx or .jsonl"]))
    for failure in report.failed:
        complain(f"failed: {failure}")
    if report.failed:
        raise typer.Exit(1)


def _counted(passed_over: list[Path]) -> str:
    """Return how many files no reader exists for, by their suffixes, the most frequent first."""
    suffixes = (path.suffix.lower() for path in passed_over)
    # What follows a dot in a name of many words is no suffix, and might be anything.
    kinds = Counter(one if one[1:].isalnum() else "without a suffix" for one in suffixes)
    most = [f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0]))]
    shown = ", ".join(most[:KINDS_SHOWN]) + (", …" if len(most) > KINDS_SHOWN else "")
    return f"passed over {len(passed_over)} file{'s' if len(passed_over) > 1 else ''}: {shown}"


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
    from service.editing import editing
    from service.feedback import forget_erased

    folder = settings_with(index).index
    # An editor would make an index where there is none.
    Index.open(folder).close()
    with editing(folder, _no_encoder, wait) as editor:
        report = editor.erase(identities) if erase else editor.withdraw(identities)
    if erase:
        forget_erased(folder)
    write([f"erased {len(report.erased)}" if erase else f"withdrawn {len(report.withdrawn)}"])
    for identity, others in report.copies.items():
        complain(f"{identity}: the same text is also that of {', '.join(others)}")


def status(index: IndexOption = None, as_json_lines: JsonOption = False) -> None:
    """Show what the index holds."""
    from indexer import survey
    from service.overview import facts_of

    folder = settings_with(index).index
    seen = survey(folder)
    facts = {"index": str(folder), **facts_of(seen)}
    if as_json_lines:
        write_json({**facts, "damaged": list(seen.damaged), "erasing": seen.erasing})
        return
    projections = facts.pop("projections")
    facts["damaged"] = ", ".join(seen.damaged) or None
    facts["erasing"] = "not finished: files may hold traces" if seen.erasing else None
    told = {**facts, **projections}
    write(f"{name.replace('_', ' '):<13} {'-' if value is None else value}" for name, value in told.items())


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


def _no_encoder() -> NoReturn:
    raise AssertionError("nothing is encoded here")


@contextmanager
def _planner(folder: Path) -> "Iterator[Editor]":
    """An editor that only plans; where there is no index yet, one over an empty index that goes away."""
    from indexer import Editor, Index, IndexNotFound, check_vacant

    with TemporaryDirectory() as empty:
        try:
            with closing(Index.open(folder)):
                place = folder
        except IndexNotFound:
            check_vacant(folder)
            place = Path(empty, "index")
        with Editor(place, _no_encoder) as editor:
            yield editor


@contextmanager
def _interruptible(folder: Path, load: "Callable[[], Encoder]", wait: float) -> "Iterator[Editor]":
    """An editor; when somebody stops the run, it is said that nothing is broken."""
    from service.editing import editing

    try:
        with editing(folder, load, wait) as editor:
            yield editor
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
