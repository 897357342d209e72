"""A Hive metastore, HiveServer2 and Spark's Thrift Server, each a process of its own, on one catalog."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

from tests.collectors.hive.install import JARS, classes

_START_SECONDS = 120
# What Hive and Spark open by reflection, which Java 17 has to be told of.
_OPENED = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.text",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.regex",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.sql/java.sql",
)
_LOG = """
status = WARN
name = hive
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %5p [%t] %c{{2}}: %m%n
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
"""


class Server:
    """A running server on 127.0.0.1.

    :ivar folder: its working folder; ``warehouse`` in that of the metastore holds the tables.
    :ivar logs: folder of its log file, ``hive.log``, in Hive's default layout; times are UTC.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.logs = folder / "logs"

    def execute(self, *statements: str, database: str = "default") -> None:
        """Run statements in one session; not for the metastore."""
        from pyhive import hive

        with closing(hive.connect("127.0.0.1", self.port, username="tests", database=database)) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)

    def uri(self, conn_type: str = "hiveserver2", database: str = "") -> str:
        """Return an Airflow connection."""
        return f"{conn_type}://tests@127.0.0.1:{self.port}/{database}"


@contextmanager
def metastore() -> Iterator[Server]:
    """Start a metastore with an empty catalog."""
    with _new_server() as server:
        derby = f"jdbc:derby:;databaseName={server.folder}/metastore_db;create=true"
        settings = {
            "javax.jdo.option.ConnectionURL": derby,
            "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
            "datanucleus.schema.autoCreateAll": "true",
            "hive.metastore.schema.verification": "false",
            "hive.metastore.try.direct.sql": "false",
            "hive.metastore.warehouse.dir": f"{server.folder}/warehouse",
        }
        main = ("org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(server.port))
        with _running(server, settings, main):
            yield server


@contextmanager
def hiveserver2(catalog: Server, settings: dict[str, str] | None = None) -> Iterator[Server]:
    """Start HiveServer2 on the metastore ``catalog``; LineageLogger writes into its log.

    :param settings: further ones of Hive.
    """
    with _new_server() as server:
        settings = {
            **_on(catalog, server),
            **(settings or {}),
            "hive.cbo.enable": "false",
            "hive.exec.mode.local.auto": "true",
            "hive.exec.post.hooks": "org.apache.hadoop.hive.ql.hooks.LineageLogger",
            "hive.exec.submit.local.task.via.child": "false",
            "hive.exec.submitviachild": "false",
            "hive.exec.dynamic.partition.mode": "nonstrict",
            "hive.execution.engine": "mr",
            "hive.support.concurrency": "false",
            "mapreduce.framework.name": "local",
        }
        with _running(server, settings, ("HiveQueryServer",)):
            yield server


@contextmanager
def spark_thrift_server(catalog: Server) -> Iterator[Server]:
    """Start Spark's Thrift Server on the metastore ``catalog``."""
    with _new_server() as server:
        options = {
            "spark.ui.enabled": "false",
            "spark.master": "local[1]",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.warehouse.dir": f"{catalog.folder}/warehouse",
        }
        pairs = [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
        submit = ("org.apache.spark.deploy.SparkSubmit", *pairs, "--class",
                  "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal")  # fmt: skip
        with _running(server, _on(catalog, server), submit):
            yield server


def _on(catalog: Server, server: Server) -> dict[str, str]:
    return {
        "hive.metastore.uris": f"thrift://127.0.0.1:{catalog.port}",
        "hive.metastore.warehouse.dir": f"{catalog.folder}/warehouse",
        "hive.exec.scratchdir": f"{server.folder}/scratch",
        "hive.exec.local.scratchdir": f"{server.folder}/local",
        "hive.server2.authentication": "NONE",
        "hive.server2.enable.doAs": "false",
        "hive.server2.logging.operation.enabled": "false",
        "hive.server2.thrift.bind.host": "127.0.0.1",
        "hive.server2.thrift.port": str(server.port),
        "fs.defaultFS": "file:///",
    }


@contextmanager
def _new_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="montecarlo-hive-"))
    try:
        yield Server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(server: Server, settings: dict[str, str], main: Sequence[str]) -> Iterator[None]:
    configuration = server.folder / "conf"
    for folder in (configuration, server.logs):
        folder.mkdir()
    (configuration / "hive-site.xml").write_text(_xml(settings))
    for name in ("log4j2.properties", "hive-log4j2.properties"):  # the metastore looks for the second
        (configuration / name).write_text(_LOG.format(file=server.logs / "hive.log"))
    output = server.folder / "output"
    command = [
        "java",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED),
        "-Xmx768m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Duser.timezone=UTC",
        f"-Djava.io.tmpdir={server.folder}",
        "-cp",
        os.pathsep.join([str(configuration), str(classes()), f"{JARS}/*"]),
        *main,
    ]
    with ExitStack() as stack:
        file = stack.enter_context(output.open("w"))
        process = subprocess.Popen(
            command, cwd=server.folder, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        stack.callback(_stop, process)
        _wait(server, process, output)
        yield


def _wait(server: Server, process: subprocess.Popen[bytes], output: Path) -> None:
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"The server did not start: {output.read_text()[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _xml(settings: dict[str, str]) -> str:
    settings = {"hive.async.log.enabled": "false", **settings}  # its jar is not among Spark's
    properties = "".join(
        f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>\n"
        for name, value in settings.items()
    )
    return f"<configuration>\n{properties}</configuration>\n"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
