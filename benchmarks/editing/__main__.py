"""``python -m benchmarks.editing cost|load|soak|ingest``: what editing costs, as tables and as JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import machine
from benchmarks.editing import cost as costs
from benchmarks.editing import ingest as ingests
from benchmarks.editing import load as loads
from benchmarks.editing import soak as soaks
from benchmarks.program import CACHE, ROOT, CommandFailed
from benchmarks.report import Cell, show, write

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Out = Annotated[Path, typer.Option(help="Folder for the results.")]
Cache = Annotated[Path, typer.Option(help="Where indexes are built.")]
RESULTS = ROOT / "benchmarks" / "results"


@app.command()
def cost(
    sizes: Annotated[
        list[int] | None, typer.Argument(help="Passages of the indexes.  [default: 1000 200000]")
    ] = None,
    articles: Annotated[int, typer.Option(min=1, help="Articles that are taken in each way.")] = 50,
    cache: Cache = CACHE,
    out: Out = RESULTS,
) -> None:
    """Take single articles into a small and a large index, and ask for each of them."""
    before, found = machine.load(), costs.measure_cost(sizes or [1000, 200_000], articles, _made(cache))
    write(out, "editing-cost", {"load_at_start": before, "sizes": found, "load_after": machine.load()})
    header = ["median (p95, greatest)", *(f"{int(size):,} passages" for size in found), "ratio of medians"]
    names = next(iter(found.values()))
    show(f"One more article, {articles} times", header, [_cost_row(name, found) for name in names])


@app.command()
def load(
    cities: Annotated[int, typer.Option(min=1, help="Made-up cities beside corpus/.")] = 2000,
    clients: Annotated[int, typer.Option(min=1, help="Clients that ask at the same time.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each of the three parts.")] = 60,
    cache: Cache = CACHE,
    out: Out = RESULTS,
) -> None:
    """Ask a served index from several clients, with and without articles being edited meanwhile."""
    before = machine.load()
    found = loads.measure_load(ROOT / "corpus", cities, clients, seconds, _made(cache))
    write(out, "editing-load", {"load_at_start": before, **found, "load_after": machine.load()})
    parts = {name: part for name, part in found.items() if isinstance(part, dict)}
    names = ["questions", "edits", "failures", "texts of edited articles", "wrong texts", "ask ms, p99"]
    rows: list[list[Cell]] = [[name, *(part[name] for part in parts.values())] for name in names]
    rows.append(["ask ms, median", *(part["ask ms"]["median"] for part in parts.values())])
    show(f"{clients} clients, {seconds:g} s each", ["", *parts], rows)
    print(f"\nafter warming up and after each part: {found['sizes']}")


@app.command()
def soak(
    cities: Annotated[int, typer.Option(min=1, help="Made-up cities beside corpus/.")] = 2000,
    clients: Annotated[int, typer.Option(min=0, help="Clients that ask at the same time.")] = 2,
    edits: Annotated[int, typer.Option(min=1, help="Edits after which it ends.")] = 5000,
    cache: Cache = CACHE,
    out: Out = RESULTS,
) -> None:
    """Edit and ask a served index without a pause; watch what its memory grows to."""
    before, found = machine.load(), soaks.measure_soak(ROOT / "corpus", cities, clients, edits, _made(cache))
    write(out, "editing-soak", {"load_at_start": before, **found, "load_after": machine.load()})


@app.command()
def ingest(
    corpus: Annotated[Path, typer.Argument(help="A file or folder to take in.")],
    cache: Cache = CACHE,
    out: Out = RESULTS,
) -> None:
    """Take in a whole collection by one command; watch its memory, then weigh the index."""
    before, found = machine.load(), ingests.measure_ingest(corpus.resolve(), _made(cache))
    write(out, "editing-ingest", {"load_at_start": before, **found, "load_after": machine.load()})
    tables = found.pop("catalog's tables and indexes, MiB")
    show(f"Taking in {corpus.name}", list(found), [list(found.values())])  # type: ignore[arg-type]
    print(f"\ncatalog's tables and indexes, MiB: {tables}")


def _cost_row(name: str, found: dict[str, dict[str, Any]]) -> list[Cell]:
    timings = [of[name] for of in found.values()]
    if not isinstance(timings[0], dict):
        return [name, *timings, None]
    cells = [f"{one['median']:.1f} ({one['p95']:.1f}, {one['greatest']:.1f})" for one in timings]
    return [name, *cells, timings[-1]["median"] / timings[0]["median"]]


def _made(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    return cache.resolve()


def main() -> None:
    """Run a measurement; what went wrong is one line."""
    try:
        app(prog_name="python -m benchmarks.editing")
    except CommandFailed as error:
        typer.echo(f"benchmarks: {error}", err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
