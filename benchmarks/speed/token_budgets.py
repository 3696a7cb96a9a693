"""Measure how fast a model classifies reviews with several token budgets.

    python benchmarks/speed/token_budgets.py MODEL_FOLDER [--device cuda]

Each line has the dtype, the tokens per batch, the number of texts that are classified at once,
whether batch invariance was verified, and texts per second: the mean of five calls after one that
is not counted. The texts are test examples of rotten_tomatoes.
"""

from __future__ import annotations

import argparse
import time

from robustbert.data import load_dataset
from robustbert.models import load_model

BUDGETS = (2048, 4096, 8192, 16384, 32768)
NUM_TEXTS = (128, 1000)
CALLS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a folder that robustbert train wrote")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:N, mps, or auto")
    options = parser.parse_args()
    texts = load_dataset("rotten_tomatoes").split("test")["text"][: max(NUM_TEXTS)]
    for dtype in ("float32", "bfloat16"):
        for budget in BUDGETS:
            model = load_model(
                options.model, dtype=dtype, device=options.device, token_budget=budget
            )
            verified = model.batch_invariance.verified
            for count in NUM_TEXTS:
                model.predict_proba(texts[:count])
                start = time.perf_counter()
                for _ in range(CALLS):
                    model.predict_proba(texts[:count])
                speed = CALLS * count / (time.perf_counter() - start)
                print(dtype, budget, count, f"verified: {verified}", f"{speed:,.0f} texts/s")


if __name__ == "__main__":
    main()
