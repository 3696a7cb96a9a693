"""The pytest plugin, in test runs of projects that use it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from robustbert import pytest_plugin
from robustbert.gate import check_robustness
from robustbert.records import read_run
from tests.conftest import write_reviews

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.usefixtures("own_cache")

THREE_LINES = """
import pytest
@pytest.mark.robustness(model={model!r}, dataset="file:reviews.csv", min_worst_case=0.4)
def test_robustness(): ...
"""
MODELS = """
import pytest
import robustbert as rb

def negative():  # right for 6 of the 10 reviews, whatever an attack does
    def answer(texts):
        return [[0.9, 0.1]] * len(texts)
    return rb.CallableClassifier(answer, ["neg", "pos"], name="neg")

CELL = dict(dataset="file:reviews.csv", recipes="deepwordbug", n=10, track="published")
"""


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported(svm: Path, reviews: Path, own_cache: Path) -> None:
    """Attack a model: pytester removes the modules again that are first imported in its runs."""
    check_robustness(
        str(svm), f"file:{reviews}", "deepwordbug", n=1, min_clean=0, track="published"
    )


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a dataset, in which no other plugin is loaded."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write_reviews(pytester.path / "reviews.csv")
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_inprocess(*options, plugins=[pytest_plugin])


def body(code: str) -> str:
    return MODELS + code


def test_three_lines_that_pass(project, svm):
    project.makepyfile(
        THREE_LINES.replace(
            "min_worst_case=0.4", 'min_clean=0.4, recipes="deepwordbug", n=9'
        ).format(model=str(svm))
    )
    run(project, "--strict-markers").assert_outcomes(passed=1)


def test_a_failure_shows_the_tables_and_no_traceback(project):
    project.makepyfile(
        body(
            """
@pytest.mark.robustness(negative, min_worst_case=0.9, min_clean=0.2, on="value", **CELL)
def test_robustness(): raise ValueError("the body does not run")
"""
        )
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_robustness _*",
            "1 of 2 thresholds failed: worst_case of neg on reviews: 60.0%, below 90%",
            "",
            "reviews (test, n=10), published track: accuracy in %, 95% intervals",
            "neg *60.0 *°*",  # fewer than 21 examples
            "reviews (test), published track: thresholds for the value, in %",
            "neg    clean             20  60.0 [[]31.3, 83.2]  10  PASSED",
            "neg    worst_case        90  60.0 [[]31.3, 83.2]  10  FAILED",
            "FAILED *::test_robustness*",
        ]
    )
    for unwanted in ("Traceback", "pytest_plugin", "During handling", "hidden", "ValueError"):
        result.stdout.no_fnmatch_line(f"*{unwanted}*")


def test_wrong_arguments_are_one_line(project, svm):
    wrong = {
        "negative, **CELL": "there is no threshold; give min_worst_case, min_clean or min_under",
        "negative, min_clean=2, **CELL": "the threshold of clean is 2; give a proportion from 0 *",
        "negative, min_clean=0.9, **CELL": "*cannot be reached with n=10*on=?value?)",
        "negative, min_under=0.3, **CELL": "min_under is 0.3; give thresholds by recipe, *",
        "negative, min_under={'clean': 0.3}, **CELL": "min_under has 'clean', *give min_clean *",
        "negative, min_under={'pwws': 0.3}, **CELL": "thresholds: the recipe pwws is not among *",
        "negative, min_clean=0.2, recipe='pwws', **CELL": "*unexpected keyword argument 'recipe'*",
        "min_clean=0.2": "missing a required argument: 'model'; see pytest --markers",
        "negative, min_clean=0.2, out='x', **CELL": "out is not an argument here; *",
        "negative, min_clean=0.2, on='hi', **CELL": "unknown number to compare*",
        "negative, 'file:no.csv', min_clean=0.2": "*no.csv*",
        "lambda a: a, min_clean=0.2, **CELL": "*function <lambda>, which needs arguments; give *",
        "lambda: None, min_clean=0.2, **CELL": "a model is a NoneType; wrap it in Torch*",
        "'no-such-model', min_clean=0.2, **CELL": "*no-such-model*",
    }
    tests = [
        f"@pytest.mark.robustness({arguments})\ndef test_{number}(): ..."
        for number, arguments in enumerate(wrong)
    ]
    project.makepyfile(body("\n".join(tests)))
    result = run(project)
    result.assert_outcomes(failed=len(wrong))
    result.stdout.fnmatch_lines([f"robustness: {message}" for message in wrong.values()])
    lines = result.stdout.lines
    report = lines[next(i for i, line in enumerate(lines) if "= FAILURES =" in line) + 1 :]
    shown = report[: next(i for i, line in enumerate(report) if "= short test summary" in line)]
    assert len(shown) == 2 * len(wrong), "a heading and one line each"


def test_the_fixture(project):
    project.makepyfile(
        body(
            """
def test_passes(robustness):
    result = robustness(negative, min_clean=0.2, **CELL)
    assert result.passed
    [record] = result.run.records
    assert record.protocol.n == 10

def test_fails(robustness):
    robustness(negative, min_clean=0.2, **CELL)
    robustness(negative(), min_clean=0.7, on="value", **CELL)

@pytest.mark.robustness(negative, min_under={"deepwordbug": 0.2}, **CELL)
def test_result(robustness):
    [check] = robustness.result.thresholds.checks
    assert check.measured.value == 0.6

def test_no_result(robustness):
    robustness.result
"""
        )
    )
    result = run(project)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        ["1 threshold failed: clean of neg on reviews: 60.0%, below 70%", "there is no result: *"]
    )


def test_classes_parameters_and_other_markers(project):
    project.makepyfile(
        body(
            """
import unittest

class TestClosest:
    pytestmark = pytest.mark.robustness(negative, min_clean=0.9, on="value", **CELL)
    def test_of_the_class(self): ...
    @pytest.mark.robustness(negative, min_clean=0.2, **CELL)
    def test_of_the_function(self): ...

class TestUnittest(unittest.TestCase):
    @pytest.mark.robustness(negative, min_clean=0.9, on="value", **CELL)
    def test_it(self): ...

@pytest.mark.xfail(strict=True)
@pytest.mark.robustness(negative, min_clean=0.9, on="value", **CELL)
def test_expected(): ...

@pytest.mark.robustness(negative, min_clean=0.2, **CELL)
@pytest.mark.robustness(negative, min_clean=0.9, **CELL)
def test_two(): ...
"""
        )
    )
    result = run(project)
    result.assert_outcomes(passed=1, failed=3, xfailed=1)
    result.stdout.fnmatch_lines(["the test has several robustness markers; keep one, *"])


def test_an_error_of_the_users_function_has_its_traceback(project):
    project.makepyfile(
        body(
            """
def missing():
    raise FileNotFoundError("no weights")
@pytest.mark.robustness(missing, min_clean=0.2, **CELL)
def test_it(): ...
"""
        )
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["> *raise FileNotFoundError(?no weights?)"])
    result.stdout.no_fnmatch_line("*pytest_plugin*")


def test_failed_attacks_fail_the_test(project, monkeypatch):
    from robustbert.attacks.textattack import search

    def fail(*_: object) -> None:
        raise ValueError("broken recipe")

    monkeypatch.setattr(search, "build_attack", fail)
    project.makepyfile(
        body("@pytest.mark.robustness(negative, min_clean=0.2, **CELL)\ndef test_it(): ...")
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["10 attacks failed with an error; 1 threshold passed", "the first error: *broken recipe*"]
    )


def test_warnings_of_other_packages_do_not_become_failed_attacks(project):
    project.makepyfile(
        body(
            """
import warnings
def noisy(texts):
    warnings.warn("old", DeprecationWarning)
    return [[0.9, 0.1]] * len(texts)
@pytest.mark.filterwarnings("error")
@pytest.mark.robustness(
    rb.CallableClassifier(noisy, ["neg", "pos"], name="noisy"), min_clean=0.2, **CELL
)
def test_it(): ...
"""
        )
    )
    run(project).assert_outcomes(passed=1)


SKIPPED = """
import pytest
@pytest.fixture
def slow(): raise ValueError("not set up")
@pytest.mark.robustness()
def test_marker(slow): ...
def test_fixture(robustness): ...
def test_other(): ...
"""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--skip-robustness"], "--skip-robustness is given"),
        (["--skip-robustness", "no GPU"], "no GPU"),
        (["-o", "robustness_skip=a nightly job"], "a nightly job"),
        (["-o", "robustness_skip=a nightly job", "--skip-robustness=no GPU"], "no GPU"),
        ([f"--skip-robustness={'long ' * 60}"], "long long *"),
    ],
)
def test_skip_with_a_reason(project, options, reason):
    project.makepyfile(SKIPPED)
    result = run(project, *options, "-rs")
    result.assert_outcomes(skipped=2, passed=1)
    result.stdout.fnmatch_lines([f"SKIPPED [[]1] test_skip_with_a_reason.py:*: {reason}"] * 2)


def test_an_empty_reason_runs_the_tests(project):
    project.makepyfile(
        body("""
@pytest.mark.robustness(negative, min_clean=0.2, **CELL)
def test_it(): ...
""")
    )
    options = ["-o", "robustness_skip=a nightly job", "--skip-robustness="]
    run(project, *options).assert_outcomes(passed=1)


def test_a_path_is_not_a_reason(project):
    path = project.makepyfile(SKIPPED)
    result = run(project, "--skip-robustness", f"{path.name}::test_marker")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --skip-robustness took the path *; put the option last*"])


def test_runs_are_kept_on_request(project):
    project.makepyfile(
        body(
            """
def test_it(robustness):
    for _ in range(2):
        robustness(negative, min_clean=0.2, **CELL)
"""
        )
    )
    run(project).assert_outcomes(passed=1)
    assert {path.name for path in project.path.iterdir() if path.is_dir()} <= {
        "__pycache__",
        ".pytest_cache",
    }
    run(project, "--robustness-out", "kept/runs").assert_outcomes(passed=1)
    run(project, "--robustness-out", "kept/runs").assert_outcomes(passed=1)
    kept = list((project.path / "kept" / "runs").iterdir())
    assert len(kept) == 4
    for folder in kept:
        assert folder.name.startswith("test_it-")
        [record] = read_run(folder).records
        assert record.model.name == "neg"


def test_the_entry_point_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"]["pytest11"] == {"robustbert": pytest_plugin.__name__}


@pytest.fixture
def installed(pytester: pytest.Pytester) -> dict[str, str]:
    """The environment of a process in which a package declares the entry point."""
    metadata = pytester.path / "site" / "installed-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nrobustbert=robustbert.pytest_plugin\n")
    paths = [str(ROOT), str(metadata.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.mark.parametrize("disabled", [False, True])
def test_an_installed_plugin_costs_nothing(pytester, installed, disabled):
    pytester.makepyfile(
        f"""
import sys
def test_it(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("robustbert") is not {disabled}
    loaded = {{name for name in sys.modules if name.startswith("robustbert")}}
    assert loaded <= {{"robustbert", "robustbert.version", "robustbert.pytest_plugin"}}
    assert not {{"torch", "numpy", "pydantic"}} & set(sys.modules)
"""
    )
    options = ["-p", "no:robustbert"] if disabled else ["--skip-robustness=no GPU"]
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-p", "no:hypothesispytest"]
    result = subprocess.run(
        [*command, *options], env=installed, capture_output=True, text=True, check=False
    )
    assert "1 passed" in result.stdout, result.stdout
    assert result.stderr == ""


# Loading data and attacking take each process seconds: both are left out here.
NO_ATTACK = """
from types import SimpleNamespace
from robustbert.bench import BenchResult
from robustbert.gate import robustness
from robustbert.records import record_name
from robustbert.reports import leaderboard_table
from tests.records.builders import make_outcomes, make_record

def stored(plan, options):
    outcomes = make_outcomes(robust=5, broken=5)
    record = make_record(outcomes)
    by_name = {record_name(record): outcomes}
    return BenchResult((record,), by_name, (), leaderboard_table([record], by_name), 0, 0.0)

robustness.plan_models = lambda *given, **named: None
robustness.load_datasets = lambda plan: SimpleNamespace(plan=plan)
robustness.check_measurable = lambda *given, **named: None
robustness.run_plan = stored
"""
TWO_TESTS = """
import pytest
CELL = dict(model="tfidf-nb", dataset="rotten_tomatoes", recipes="deepwordbug", n=10)

@pytest.mark.robustness(min_clean=0.2, **CELL)
def test_one(robustness):
    assert robustness.result.passed

@pytest.mark.robustness(min_worst_case=0.7, on="value", **CELL)
def test_two(): ...
"""


@pytest.mark.slow
def test_failures_of_two_workers_are_shown(project, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    project.makeconftest(NO_ATTACK)
    project.makepyfile(TWO_TESTS)
    options = ["-p", "robustbert.pytest_plugin", "-p", "xdist", "-n", "2", "-rA", "-v"]
    result = project.runpytest_subprocess(*options)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "?gw?? * PASSED *::test_one*",
            "?gw?? * FAILED *::test_two*",
            "1 threshold failed: worst_case of minilm on rotten_tomatoes: 50.0%, below 70%",
        ]
    )
