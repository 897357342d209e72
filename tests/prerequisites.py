"""Install what some tests need and pip does not have. Says what it does, and which tests are skipped without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.collectors.bigquery import install as bigquery
from tests.collectors.hive import install as hive

_INSTALL = ("apt-get", "install", "-q", "-y", "--no-install-recommends")
_SBIN = (os.environ.get("PATH", ""), "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))


@dataclass(frozen=True)
class Program:
    """Something that Debian has a package of.

    :param commands: that are there when it is installed.
    :param packages: Debian's.
    :param tests: which are skipped without it.
    """

    name: str
    commands: Sequence[str]
    packages: Sequence[str]
    tests: str

    def is_present(self) -> bool:
        return all(shutil.which(command, path=os.pathsep.join(_SBIN)) for command in self.commands)

    def prepare(self) -> str:
        """Return a line that says whether its tests can run."""
        if self.is_present():
            return f"{self.name}: present"
        if not shutil.which("apt-get") or os.geteuid() != 0:
            return f"{self.name}: absent, and only root on Debian can install it here; {self.tests} are skipped"
        problem = _updated() or _failure([*_INSTALL, *self.packages])
        if problem:
            return f"{self.name}: cannot be installed ({problem}); {self.tests} are skipped"
        return f"{self.name}: installed"


PROGRAMS = (
    Program("Chromium", ("chromium", "chromedriver"), ("chromium", "chromium-driver"), "tests in the browser"),
    Program(
        "PostgreSQL", ("initdb", "pg_basebackup"), ("postgresql",), "tests of PostgreSQL, Redshift and SQL catalogs"
    ),
    Program("Java", ("java", "javac"), ("openjdk-17-jdk-headless",), "tests of Hive"),
    Program("MariaDB", ("mariadbd",), ("mariadb-server-core",), "tests of MariaDB"),
)


@cache
def _updated() -> str:
    return _failure(["apt-get", "update", "-q"])


def _failure(command: Sequence[str]) -> str:
    """Run a command and return the last line of what went wrong, nothing when it went well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    return (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]


STEPS: tuple[Callable[[], str], ...] = (*(program.prepare for program in PROGRAMS), bigquery.install, hive.install)


if __name__ == "__main__":
    for step in STEPS:
        sys.stdout.write(step() + "\n")
        sys.stdout.flush()
