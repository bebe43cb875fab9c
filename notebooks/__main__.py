"""Runs the notebooks and keeps them in the form in which they are committed.

``python -m notebooks`` runs all, or those that are named, each in a clean kernel, and writes them back;
``python -m notebooks --check`` runs nothing and says which are not in that form.

The form is for people who read changes: sorted keys, stable ids of cells, no times and no run counts beyond
the order of cells, of a chart its picture and not its data, and nothing that differs between two machines.
"""

import argparse
import asyncio
import base64
import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

# Typed here: nbformat says of no function what it takes and gives.
read: Callable[..., nbformat.NotebookNode] = nbformat.read
reads: Callable[..., nbformat.NotebookNode] = nbformat.reads
writes: Callable[[nbformat.NotebookNode], str] = nbformat.writes
from_dict: Callable[[Mapping[str, object]], nbformat.NotebookNode] = nbformat.from_dict

FOLDER = Path(__file__).parent
SHOWN = ("text/html", "image/png", "text/plain")
"""What is kept of an output: a look for people, and words."""
COLOURS = 64
"""Of a picture."""
FLOATS = re.compile(r"-?\d+\.\d+")
NEAR = 0.02
"""Two processors may round differently; what is compared is the same within this."""


def notebooks() -> list[Path]:
    """List the notebooks, in the order in which they are read."""
    return sorted(FOLDER.glob("*.ipynb"))


def run(file: Path, environment: dict[str, str] | None = None) -> nbformat.NotebookNode:
    """Run a notebook in a clean kernel and return it in the committed form; raises CellExecutionError."""
    notebook = read(file, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    # Full precision, so that a number is the same on processors with and without bf16.
    # A loop of its own: notebooks run beside one another in threads.
    asyncio.run(client.async_execute(env={**os.environ, "CIVICITE_PRECISION": "f32", **(environment or {})}))
    return as_committed(notebook)


def as_committed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Bring a notebook into the form in which it is committed."""
    notebook.metadata = from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        kept = {name: value for name, value in cell.metadata.items() if name == "tags"}
        cell.metadata = from_dict(kept)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [
                _output(one, count)
                for one in cell.outputs
                if one.output_type != "stream" or one.name == "stdout"
            ]
    return notebook


def _output(output: nbformat.NotebookNode, count: int) -> nbformat.NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if "data" in output:
        output.metadata = from_dict({})
        kept = {mime: output.data[mime] for mime in SHOWN if mime in output.data}
        if "image/png" in kept:
            kept["image/png"] = with_few_colours(kept["image/png"])
        output.data = from_dict(kept)
    return output


def with_few_colours(png: str) -> str:
    """Return a picture, in Base64, with a palette of its colours: a sixth of the size, hardly to be seen."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        if picture.mode == "P":
            return png
        drawn = io.BytesIO()
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(drawn, "PNG", optimize=True)
    return base64.b64encode(drawn.getvalue()).decode()


def written(notebook: nbformat.NotebookNode) -> str:
    """Return the characters of the file."""
    return writes(notebook) + "\n"


def differences(committed: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> list[str]:
    """Name the cells whose words are not those of another run; pictures and HTML are not compared."""
    pairs = zip(committed.cells, fresh.cells, strict=True)
    return [
        f"{one.id}: {''.join(one.source)[:60]!r}: {_words(one)!r} is now {_words(other)!r}"
        for one, other in pairs
        if not _alike(_words(one), _words(other))
    ]


def _words(cell: nbformat.NotebookNode) -> list[str]:
    outputs = cell.get("outputs", ())
    return [
        output["data"]["text/plain"] if "data" in output else output.get("text", "") for output in outputs
    ]


def _alike(some: list[str], others: list[str]) -> bool:
    one, other = "\n".join(some), "\n".join(others)
    numbers = zip(FLOATS.findall(one), FLOATS.findall(other), strict=False)
    same = _without_numbers(one) == _without_numbers(other)
    return same and all(abs(float(a) - float(b)) <= NEAR for a, b in numbers)


def _without_numbers(text: str) -> str:
    # A number that is shorter moves the columns of a table.
    return re.sub(r"\s+", " ", FLOATS.sub("#", text))


def main(arguments: list[str] | None = None) -> int:
    """Run or check the notebooks; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", help="the beginning of a file's name, such as 01")
    parser.add_argument("--check", action="store_true", help="run nothing; say which are not as committed")
    chosen = parser.parse_args(arguments)
    files = [file for file in notebooks() if not chosen.names or file.name.startswith(tuple(chosen.names))]
    if chosen.check:
        wrong = [file.name for file in files if not is_as_committed(file)]
        sys.stdout.writelines(f"{name}: run 'python -m notebooks {name[:2]}'\n" for name in wrong)
        return int(bool(wrong))
    with ThreadPoolExecutor(2) as pool:
        for file, notebook in zip(files, pool.map(run, files), strict=True):
            file.write_text(written(notebook), encoding="utf-8")
            sys.stdout.write(f"{file.name}\n")
    return 0


def is_as_committed(file: Path) -> bool:
    """Whether a file is in the form in which notebooks are committed."""
    text = file.read_text(encoding="utf-8")
    return written(as_committed(reads(text, as_version=4))) == text


if __name__ == "__main__":
    sys.exit(main())
