"""``python -m robustbert.records`` prints the JSON Schema that stands in ``docs/``."""

from __future__ import annotations

import json

from robustbert.records.schema import json_schema

if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2, sort_keys=True))
