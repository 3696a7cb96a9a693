"""``python -m robustbert.bench``."""

import sys

from robustbert.cli import bench_main

if __name__ == "__main__":
    sys.exit(bench_main())
