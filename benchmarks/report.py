"""Writes results: JSON for programs, Markdown tables for people. Knows nothing of how they were measured."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import machine

Cell = str | float | int | None


def write(folder: Path, name: str, results: Mapping[str, object]) -> Path:
    """Write one result with the machine that it was measured on; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    whole = {"machine": machine.describe(), **results}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")
    return path


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a Markdown table; numbers have three significant decimals below 10, one below 1,000."""
    lines = [header, ["---"] * len(header), *([_written(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print a titled table."""
    print(f"\n**{title}**\n\n{table(header, rows)}", flush=True)


def _written(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:.1f}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return value.name
    raise TypeError(f"{type(value).__name__} is no JSON value")
