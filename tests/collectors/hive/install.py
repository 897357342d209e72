"""Puts Hive and Spark's jars, and what the tests add to them, into a folder: 317 MB, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SPARK = "3.5.6"  # with Hive 2.3.9
SOURCES = Path(__file__).parent / "java"
FOLDER = Path(__file__).parents[3] / ".servers" / f"pyspark-{SPARK}"
JARS = FOLDER / "jars"


def classes() -> Path:
    """Return the folder of the compiled classes, another one for other sources."""
    digest = hashlib.sha256()
    for source in _sources():
        digest.update(source.read_bytes())
    return FOLDER / f"classes-{digest.hexdigest()[:16]}"


def is_installed() -> bool:
    return bool(shutil.which("java")) and JARS.is_dir() and classes().is_dir()


def install() -> str:
    """Install what is missing; return a line that says whether the tests of Hive can run."""
    if is_installed():
        return "Hive: present"
    if not shutil.which("java") or not shutil.which("javac"):
        return "Hive: needs a JDK, 17 or newer (Debian: openjdk-17-jdk-headless); tests of Hive are skipped"
    try:
        if not JARS.is_dir():
            _install_jars()
        _compile()
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout or "").strip().splitlines()[-1:]
        return f"Hive: cannot be installed ({' '.join(last) or error}); tests of Hive are skipped"
    return "Hive: installed"


def _install_jars() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        download = Path(name)
        _run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "pyspark", "-d", name,
             f"pyspark=={SPARK}")  # fmt: skip
        jars = download / "jars"
        jars.mkdir()
        with tarfile.open(download / f"pyspark-{SPARK}.tar.gz") as archive:
            for member in archive:
                if member.name.endswith(".jar") and (content := archive.extractfile(member)):
                    with content, (jars / Path(member.name).name).open("wb") as file:
                        shutil.copyfileobj(content, file)
        jars.rename(JARS)


def _compile() -> None:
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        compiled = Path(name) / "classes"
        sources = map(str, _sources())
        _run("javac", "-nowarn", "--release", "17", "-cp", f"{JARS}/*", "-d", str(compiled), *sources)
        compiled.rename(classes())


def _sources() -> list[Path]:
    return sorted(SOURCES.rglob("*.java"))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
