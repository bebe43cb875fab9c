"""Every notebook runs from a clean kernel, and what is committed is what a run gives."""

import ast
import base64
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from notebooks.__main__ import (
    as_committed,
    differences,
    is_as_committed,
    notebooks,
    read,
    run,
    with_few_colours,
)

# Typed here: nbformat says of no function what it takes and gives.
new_output: Callable[..., nbformat.NotebookNode] = nbformat.v4.new_output
new_code_cell: Callable[..., nbformat.NotebookNode] = nbformat.v4.new_code_cell
new_notebook: Callable[..., nbformat.NotebookNode] = nbformat.v4.new_notebook

NAMES = [file.name for file in notebooks()]
FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.fixture(scope="module")
def executed(encoder_cache: Path) -> Iterator[dict[str, Future[nbformat.NotebookNode]]]:
    environment = {"CIVICITE_CACHE_DIR": str(encoder_cache), "PYTHONPATH": str(FOLDER.parent)}
    with ThreadPoolExecutor(3) as pool:
        # The longest first, so that no core waits at the end.
        yield {name: pool.submit(run, FOLDER / name, environment) for name in reversed(NAMES)}


def words(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(
        output["data"]["text/plain"] if "data" in output else output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    )


def is_value(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return False
    return True


def committed(name: str) -> nbformat.NotebookNode:
    return read(FOLDER / name, as_version=4)


def test_there_are_five_notebooks_in_the_order_in_which_they_are_read() -> None:
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("name", NAMES)
def test_a_run_from_a_clean_kernel_says_what_is_committed(
    name: str, executed: dict[str, Future[nbformat.NotebookNode]]
) -> None:
    assert differences(committed(name), executed[name].result()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_committed_in_the_form_that_reviews_well(name: str) -> None:
    assert is_as_committed(FOLDER / name), f"run 'python -m notebooks {name[:2]}'"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_nothing_of_the_machine_that_ran_it(name: str) -> None:
    text = re.sub(r'"image/png": "[^"]*"', "", (FOLDER / name).read_text(encoding="utf-8"))
    assert not re.search(r"/(?:home|tmp|root|Users|work)/|file://|timing_ms", text)
    assert len(text) < 200_000


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_opens_with_what_it_shows_and_for_whom(name: str) -> None:
    opening = committed(name).cells[0]
    assert opening.cell_type == "markdown"
    assert opening.source.startswith("# ")
    assert re.search(r"\bFor\s+(?:anyone|researchers)\b", opening.source)


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_has_its_picture_and_every_table_its_words(name: str) -> None:
    for cell in committed(name).cells:
        for output in cell.get("outputs", ()):
            if "data" in output:
                assert "text/plain" in output["data"]
                # What is neither a table nor a plain value is a chart.
                is_shown = {"text/html", "image/png"} & {*output["data"]}
                assert is_shown or is_value(output["data"]["text/plain"])
                assert not any(mime.startswith("application/vnd.") for mime in output["data"])


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short_enough_to_read(name: str) -> None:
    for cell in committed(name).cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            assert len(lines) <= 25, cell.source
            assert max(map(len, lines)) <= 110, cell.source


def test_the_first_notebook_answers_checks_and_abstains(
    executed: dict[str, Future[nbformat.NotebookNode]],
) -> None:
    seen = words(executed["01_ask_and_check.ipynb"].result())
    assert "'15 articles taken in, 0 failed'" in seen
    assert "CityNet's secretariat moved from Yokohama to Seoul in 2013. [1]" in seen
    assert "(True, True)" in seen
    for status in ("verified", "altered", "misattributed", "stitched", "not_found"):
        assert status in seen
    assert "No answer" in seen


def test_a_changed_word_is_noticed_and_a_rounded_number_is_not() -> None:
    def said(text: str) -> nbformat.NotebookNode:
        output = new_output("execute_result", {"text/plain": text}, execution_count=1)
        return new_notebook(cells=[new_code_cell("answer", outputs=[output])])

    assert differences(said("score 0.912"), said("score  0.92")) == []
    assert len(differences(said("score 0.912"), said("score 0.962"))) == 1
    assert len(differences(said("one"), said("two"))) == 1


def test_what_a_run_leaves_behind_is_not_committed() -> None:
    cell = new_code_cell("1", metadata={"execution": {"iopub.status.idle": "now"}})
    cell.outputs = [
        new_output("stream", name="stderr", text="a warning"),
        new_output("display_data", {"text/plain": "a chart", "application/vnd.vegalite.v5+json": {}}),
    ]
    kept = as_committed(new_notebook(cells=[cell])).cells[0]
    assert (kept.id, dict(kept.metadata), kept.execution_count) == ("cell-00", {}, 1)
    assert [dict(one.data) for one in kept.outputs] == [{"text/plain": "a chart"}]


def test_a_picture_is_committed_with_few_colours_and_is_not_changed_again() -> None:
    drawn = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(drawn, "PNG")
    once = with_few_colours(base64.b64encode(drawn.getvalue()).decode())
    with Image.open(io.BytesIO(base64.b64decode(once))) as picture:
        assert (picture.mode, picture.size) == ("P", (256, 256))
    assert with_few_colours(once) == once
