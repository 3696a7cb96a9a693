"""CPU detection on fake machines and on this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from robustbert import machine

CPUINFO = """processor\t: 0
model name\t: A Processor
flags\t\t: fpu sse avx2 fma {flag}

processor\t: 1
model name\t: Another
"""


@pytest.fixture
def describe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Replace the content of /proc/cpuinfo."""

    def put(text: str) -> None:
        path = tmp_path / "cpuinfo"
        path.write_text(text)
        monkeypatch.setattr(machine, "_CPUINFO", path)
        machine._cpuinfo.cache_clear()

    yield put
    machine._cpuinfo.cache_clear()


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("avx512f avx512_bf16 amx_bf16", "AMX bf16"),
        ("avx512f avx512_bf16", "AVX-512 bf16"),
        ("avx512f", "AVX-512"),
        ("", "AVX2"),
    ],
)
def test_the_name_and_the_most_capable_instructions(describe, flag: str, expected: str):
    describe(CPUINFO.format(flag=flag))
    assert machine.processor_name() == "A Processor"
    assert machine.instruction_set() == expected
    assert "fpu" not in machine.processor_flags()


def test_a_system_without_information(describe, monkeypatch):
    describe("")
    assert machine.processor_flags() == ()
    assert machine.instruction_set() == ""
    assert machine.processor_name()


def test_another_processor_limit_or_torch_means_other_kernels(describe, monkeypatch):
    import torch

    for name in machine.ISA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    describe(CPUINFO.format(flag=""))
    seen = {machine.kernels_sha256()}
    describe(CPUINFO.format(flag="avx512f"))
    seen.add(machine.kernels_sha256())
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert machine.isa_limits() == {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    seen.add(machine.kernels_sha256())
    monkeypatch.setattr(torch, "__version__", "0")
    seen.add(machine.kernels_sha256())
    assert len(seen) == 4
