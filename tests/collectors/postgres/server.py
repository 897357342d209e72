"""A PostgreSQL server of its own for the tests, which writes its log as CSV files."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

# Debian keeps the server's programs, one folder for each version, away from PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))])
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
autovacuum = off
track_commit_timestamp = on
logging_collector = on
log_destination = 'csvlog'
log_directory = 'log'
log_filename = 'postgresql-%Y-%m-%d_%H%M%S.log'
log_file_mode = 0644
log_timezone = 'Europe/Berlin'
log_rotation_age = 0
log_connections = on
log_disconnections = on
log_min_duration_statement = 0
lc_messages = 'C'
"""


class Server:
    """A running server; its superuser is ``admin``, with password ``secret``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.log = folder / "data" / "log"

    def connect(self, database: str = "postgres", *, user: str = "admin", **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password="secret",
            dbname=database,
            autocommit=True,
            **options,
        )

    def execute(self, *statements: str, database: str = "postgres", **options: Any) -> list[tuple[Any, ...]]:
        """Run statements, each for itself, and return the rows of the last."""
        with self.connect(database, **options) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def uri(self, database: str, user: str = "admin", password: str = "secret") -> str:
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def rotate(self) -> Path:
        """Begin a new log file; return the one before."""
        before = self.log_files()
        time.sleep(1.1)  # the name has seconds
        self.execute("SELECT pg_rotate_logfile()")
        for _ in range(100):
            if len(self.log_files()) > len(before):
                return before[-1]
            time.sleep(0.1)
        raise AssertionError("the log was not rotated")

    def log_files(self) -> list[Path]:
        return sorted(self.log.glob("*.csv"))

    @classmethod
    @contextmanager
    def running(cls, **settings: str) -> Iterator[Server]:
        folder = Path(tempfile.mkdtemp(prefix="montecarlo-postgres-", dir="/tmp"))
        folder.chmod(0o755)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = folder / "data"
        secret = folder / "password"
        secret.write_text("secret\n")
        secret.chmod(0o644)
        server = cls(folder, _free_port())
        try:
            _run("initdb", "-D", str(data), "-U", "admin", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8",
                 "--no-locale", "--no-sync", "--allow-group-access")  # fmt: skip
            configuration = _CONFIGURATION.format(port=server.port, folder=folder)
            extra = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
            with (data / "postgresql.conf").open("a") as file:
                file.write(configuration + extra)
            _run("pg_ctl", "-D", str(data), "-l", str(folder / "start.log"), "-w", "-t", "60", "start")
            try:
                yield server
            finally:
                _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def standby_of(server: Server) -> Iterator[Server]:
    """A read-only copy of a server, which follows it."""
    data = server.folder / "standby"
    standby = Server(server.folder, _free_port())
    source = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "admin")
    _run("env", "PGPASSWORD=secret", "pg_basebackup", *source, "-D", str(data), "-R", "-c", "fast", "--no-sync")
    try:
        log = str(server.folder / "standby.log")
        _run("pg_ctl", "-D", str(data), "-l", log, "-w", "-o", f"-p {standby.port}", "start")
        try:
            yield standby
        finally:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def is_installed() -> bool:
    return all(shutil.which(name, path=_PATH) for name in ("initdb", "pg_ctl", "pg_basebackup"))


def _run(*command: str) -> None:
    as_user: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    done = subprocess.run(
        [*as_user, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/tmp",
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PATH": _PATH},
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
