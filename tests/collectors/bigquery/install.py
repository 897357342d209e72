"""Installs the server of the BigQuery tests: local-bigquery, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.collectors.bigquery.server import environment, is_installed

_SERVER = "local-bigquery==0.4.0"
# local-bigquery asks for a later DuckDB, of which there are no extensions on PyPI; this one does as well.
_DUCKDB = "1.5.5"
_EXTENSIONS = ("ducklake", "icu", "json", "spatial")
_INSTALL_EXTENSIONS = """
import glob, sysconfig, duckdb
for path in glob.glob(sysconfig.get_paths()["purelib"] + "/duckdb_extension_*/extensions/*/*.duckdb_extension"):
    duckdb.execute(f"INSTALL '{path}'")
"""


def install() -> str:
    """Return a line that says whether the tests can run."""
    if is_installed():
        return "local-bigquery: present"
    python = _python_3_13()
    if python is None:
        return "local-bigquery: absent, and there is no Python 3.13 (PATH, pyenv); tests of BigQuery are skipped"
    problem = _install(python, environment())
    if problem:
        return f"local-bigquery: cannot be installed ({problem}); tests of BigQuery are skipped"
    return "local-bigquery: installed"


def _install(python: str, folder: Path) -> str:
    """Return what went wrong, nothing when it went well."""
    inside = str(folder / "bin" / "python")
    pip = (inside, "-m", "pip", "install", "-q")
    extensions = [f"duckdb-extension-{name}=={_DUCKDB}" for name in _EXTENSIONS]
    shutil.rmtree(folder, ignore_errors=True)
    for command in ((python, "-m", "venv", str(folder)), (*pip, _SERVER), (*pip, f"duckdb=={_DUCKDB}", *extensions)):
        if problem := _failure(command):
            return problem
    # DuckDB keeps extensions below the home folder; this one is complete when it has its name.
    unfinished = folder / "unfinished"
    unfinished.mkdir()
    if problem := _failure((inside, "-c", _INSTALL_EXTENSIONS), HOME=str(unfinished)):
        return problem
    unfinished.rename(folder / "home")
    return ""


def _failure(command: Sequence[str], **environment: str) -> str:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]


def _python_3_13() -> str | None:
    found = shutil.which("python3.13")
    pyenv = sorted(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/3.13*/bin/python"))
    for candidate in (*([found] if found else ()), *map(str, pyenv)):
        # A shim of pyenv is there even where the version is not active.
        if subprocess.run((candidate, "-c", "import venv"), capture_output=True, check=False).returncode == 0:
            return candidate
    return None
