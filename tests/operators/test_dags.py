"""The example DAGs load without an error, light and fast, with typed parameters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DAGS = sorted((Path(__file__).parents[2] / "dags").glob("*.py"))
# What DAG files would pay for at every parse, though only running tasks need it.
HEAVY = frozenset({"pycarlo", "sqlglot", "pandas", "graphql", "duckdb", "snowflake.connector"})

_IMPORT = """
import json, runpy, sys, warnings
warnings.simplefilter("error", DeprecationWarning)
runpy.run_path(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_example_dag_imports_nothing_heavy(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORT, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert set(loaded).isdisjoint(HEAVY)
