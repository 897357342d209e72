"""A MariaDB server of its own for the tests: Debian's mariadb-server-core and PyMySQL."""

from __future__ import annotations

import getpass
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_TABLES = Path("/usr/share/mysql")
# What mariadb-install-db runs, which needs the packages of the client.
_SCRIPTS = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
_PATIENCE_SECONDS = 60


class MariaDb:
    """A running server; its user ``admin`` has the password ``secret`` and may do everything."""

    def __init__(self, port: int) -> None:
        self.port = port

    def connect(self) -> Any:
        import pymysql

        return pymysql.connect(host="127.0.0.1", port=self.port, user="admin", password="secret", autocommit=True)

    def execute(self, *statements: str) -> None:
        with closing(self.connect()) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def sessions(self, command: str = "%") -> list[int]:
        """Return the ids of others' sessions, in the state ``command``; those that are just ending have a second."""
        sql = f"""SELECT id FROM information_schema.processlist
                  WHERE id <> CONNECTION_ID() AND command <> 'Daemon' AND command LIKE '{command}'"""
        found: list[int] = []
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for _ in range(10):
                cursor.execute(sql)
                before, found = found, [row[0] for row in cursor.fetchall()]
                if before == found:
                    break
                time.sleep(0.1)
        return found

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[MariaDb]:
        """Start a server without any databases, and stop it."""
        folder = Path(tempfile.mkdtemp(prefix="montecarlo-mariadb-"))
        data = folder / "data"
        data.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [_program(), "--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}"]
        command += [
            "--innodb-use-native-aio=0",
            "--innodb-buffer-pool-size=16M",
        ]  # others need some as well
        try:
            _bootstrap([*command, "--bootstrap"])
            listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
            with (folder / "log").open("w") as log:
                process = subprocess.Popen([*command, *listening], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            try:
                server = cls(port)
                server._wait(process, folder / "log")
                yield server
            finally:
                process.kill()
                process.wait()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        import pymysql

        for _ in range(10 * _PATIENCE_SECONDS):
            try:
                self.connect().close()
            except pymysql.MySQLError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"MariaDB did not start: {log.read_text()[-1000:]}")


def missing() -> str:
    """Return what the server needs and is not here, empty when all of it is."""
    if not _program() or not all((_TABLES / name).exists() for name in _SCRIPTS):
        return "mariadbd is not installed (Debian: apt-get install mariadb-server-core)"
    return "" if importlib.util.find_spec("pymysql") else "PyMySQL is not installed"


def _program() -> str:
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _bootstrap(command: list[str]) -> None:
    lines = ["CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket=NULL, @skip_auth_anonymous=1;"]
    lines += [(_TABLES / name).read_text() for name in _SCRIPTS]
    lines += [
        "FLUSH PRIVILEGES;",
        "CREATE USER admin IDENTIFIED BY 'secret';",
        "GRANT ALL ON *.* TO admin WITH GRANT OPTION;",
    ]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"MariaDB cannot be set up: {done.stderr[-4000:]}")
