from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(FOLDER / "01_ask_and_check.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}}).execute()
    return notebook


def results(notebook: nbformat.NotebookNode) -> list[str]:
    return [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "execute_result"
    ]


def test_the_first_notebook_answers_checks_and_abstains_from_a_clean_kernel(
    executed: nbformat.NotebookNode,
) -> None:
    taken_in, answer, citation, checked, refusal, hits = results(executed)
    assert taken_in == "'15 articles taken in, 0 failed'"
    assert "Yokohama" in answer
    assert "citynet-urban-diplomacy" in citation
    assert checked == "(True, True)"
    assert refusal.startswith("(True,")
    assert "ahmedabad-heat-action-plan" in hits


def test_the_committed_notebook_shows_the_same_results_as_a_fresh_run(
    executed: nbformat.NotebookNode,
) -> None:
    committed = nbformat.read(FOLDER / "01_ask_and_check.ipynb", as_version=4)
    assert results(committed) == results(executed)
