"""Networks of realistic size under each instruction-set limit that this CPU supports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustbert.machine import processor_flags

#: Instruction-set limits, the CPU flag that each needs, and the dtypes to test under it.
LIMITS = {
    None: ("", ("float32", "bfloat16")),
    "AVX512_CORE_BF16": ("avx512_bf16", ("float32", "bfloat16")),
    "AVX512_CORE": ("avx512f", ("float32", "bfloat16")),
    "AVX2": ("avx2", ("float32",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_networks_are_invariant_under_each_instruction_set_limit(limit: str | None, tmp_path: Path):
    """In a subprocess, because oneDNN reads the limit once; see ``real_size.py``."""
    flag, dtypes = LIMITS[limit]
    if flag and flag not in processor_flags():
        pytest.skip(f"this CPU has no {flag}")
    if limit == "AVX512_CORE_BF16" and "amx_bf16" not in processor_flags():
        pytest.skip("this CPU has no instructions above this limit, so it is the case None")
    environment = os.environ | {"ROBUSTBERT_CACHE": str(tmp_path)}
    environment.pop("ONEDNN_MAX_CPU_ISA", None)
    if limit:
        environment["ONEDNN_MAX_CPU_ISA"] = limit
    ran = subprocess.run(
        [sys.executable, "-m", "tests.models.inference.real_size", *dtypes],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(ran.stdout.splitlines()) == 5 * len(dtypes)
