"""The example notebooks run, and their results are as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"


def run(name: str, question: str, folder: Path) -> Any:
    """Run a notebook in ``folder``; the value of an expression, evaluated after the last cell."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    code = f"import json\nprint(json.dumps({question}))"
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=resources
    )
    client.execute()
    (output,) = notebook.cells[-1].outputs
    return json.loads(output.text)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_committed_notebook_is_valid_and_has_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_own_torch_module(tmp_path):
    question = """{
        "clean": result.clean_accuracy.value,
        "attacked": result.accuracy_under_attack.value,
        "interval": [result.accuracy_under_attack.low, result.accuracy_under_attack.high],
        "statuses": [outcome.status for outcome in result.outcomes],
        "rows": len(result.to_pandas()),
    }"""
    found = run("own-torch-module", question, tmp_path)
    assert found["rows"] == len(found["statuses"]) == 20
    assert found["clean"] == pytest.approx(1 - found["statuses"].count("skipped") / 20)
    assert found["clean"] > 0.65  # it was trained
    assert found["attacked"] < found["clean"] - 0.2
    low, high = found["interval"]
    assert low <= found["attacked"] <= high


@pytest.mark.slow
def test_scikit_learn_pipelines(tmp_path):
    question = """[
        [record.model.name, record.recipe.name, record.counts.total,
         record.metrics.clean_accuracy.value, record.metrics.accuracy_under_attack.value]
        for record in comparison.records
    ]"""
    found = run("scikit-learn-pipelines", question, tmp_path)
    cells = {(name, recipe) for name, recipe, *_ in found}
    assert cells == {(n, r) for n in ("words", "characters") for r in ("pwws", "deepwordbug")}
    for _, _, total, clean, attacked in found:
        assert total == 10
        assert attacked < clean
        assert clean > 0.5


@pytest.mark.slow
def test_http_endpoint(tmp_path):
    question = """{
        "failures": failures,
        "same": essentials(unreliable) == essentials(reliable) == essentials(again),
        "texts": [first, received - before],
        "statuses": [outcome.status for outcome in reliable.outcomes],
    }"""
    found = run("http-endpoint", question, tmp_path)
    assert found["failures"] > 5
    assert found["same"]
    first, again = found["texts"]
    assert 0 < again < first / 2
    assert len(found["statuses"]) == 10
    assert {"broken", "robust"} <= set(found["statuses"])
