"""``python -m robustbert``."""

import sys

from robustbert.cli import main

if __name__ == "__main__":
    sys.exit(main())
