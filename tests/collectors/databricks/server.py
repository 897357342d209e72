"""A SQL warehouse: Databricks' Thrift protocol over HTTP, with DuckDB below it.

It holds the system tables as tables, and Unity Catalog's rules in Python: what is not granted, what DESCRIBE DETAIL
answers, how long a statement runs.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # has none
import sqlglot
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from sqlglot import exp
from thrift.protocol.TBinaryProtocol import TBinaryProtocol  # type: ignore[import-untyped]  # has none
from thrift.transport.TTransport import TMemoryBuffer  # type: ignore[import-untyped]  # has none

T: Any = ttypes  # generated code without types

TOKEN = "dapi-test"
USER = "reader@example.com"
_HTTP_PATH = "/sql/1.0/warehouses/abc"
_OK = T.TStatus(statusCode=T.TStatusCode.SUCCESS_STATUS)
_MOST_PARAMETERS = 255
_PAGE_ROWS = 3  # so that results of tests come in several pages
_TYPES = [
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int32, "INT"),
    (pa.types.is_integer, "BIGINT"),
    (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_timestamp, "TIMESTAMP"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_null, "NULL"),
]


class WarehouseError(Exception):
    """What the warehouse answers to a statement that fails."""


class Warehouse:
    """The catalog, and a log of what was asked.

    :ivar statements: the statements in the order in which they came.
    :ivar denied: names, such as ``system.access``, of what is not granted.
    :ivar failures: by a part of a statement the error that it gets.
    :ivar most_running: how many statements ran at the same time at most.
    :ivar page_sizes: the limits of pages that the client asked for.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")
        self.statements: list[str] = []
        self.denied: set[str] = set()
        self.failures: dict[str, str] = {}
        self.paths: list[str] = []
        self.sessions = 0
        self.open_sessions = 0
        self.running = 0
        self.most_running = 0
        self.page_sizes: set[tuple[int, int]] = set()
        self.status = 200

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator[Warehouse]:
        """Serve on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
        warehouse = cls(server.server_address[1])
        server.warehouse = warehouse  # type: ignore[attr-defined]  # handlers reach it through their server
        processor: Any = TCLIService.Processor
        server.processor = processor(_Service(warehouse))  # type: ignore[attr-defined]
        server.lock = threading.Lock()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield warehouse
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            warehouse.con.close()

    def reset(self) -> None:
        """Forget what was asked, and grant everything."""
        self.statements.clear()
        self.paths.clear()
        self.denied.clear()
        self.failures.clear()
        self.page_sizes.clear()
        self.sessions = self.open_sessions = self.running = self.most_running = 0
        self.status = 200

    def uri(self, token: str = TOKEN, **extra: Any) -> str:
        """Return an Airflow connection."""
        extra = {
            "http_path": _HTTP_PATH,
            "_connection_uri": f"http://127.0.0.1:{self.port}{_HTTP_PATH}",
            "_retry_stop_after_attempts_count": 1,
            "_retry_delay_min": 0.01,
            "_retry_delay_max": 0.02,
            **extra,
        }
        return json.dumps({"conn_type": "databricks", "host": "127.0.0.1", "password": token, "extra": extra})

    def translate(self, sql: str) -> str | None:
        """Return the DuckDB SQL of a statement, ``None`` when there is nothing to do.

        :raises WarehouseError: when it reads what is not granted.
        """
        for part, message in self.failures.items():
            if part in sql:
                raise WarehouseError(message)
        if sql.startswith("SET TIME ZONE"):
            return None
        if sql == "SELECT current_user()":
            return f"SELECT '{USER}' AS user"
        if sql == "SHOW CATALOGS":
            return "SELECT catalog FROM catalogs ORDER BY random()"
        if sql.startswith("DESCRIBE DETAIL"):
            return self._detail(sql)
        tree = sqlglot.parse_one(sql, read="databricks")
        for table in tree.find_all(exp.Table):
            self._check(table)
            if table.db == "information_schema" and table.catalog != "system":
                column = "catalog_name" if table.name == "table_tags" else "table_catalog"
                query = f"SELECT * FROM system_information_schema.{table.name} WHERE {column} = '{table.catalog}'"
                table.replace(exp.Subquery(this=sqlglot.parse_one(query, read="duckdb")))
            else:
                table.set("db", exp.to_identifier(f"system_{table.db}"))
                table.set("catalog", None)
        return tree.sql(dialect="duckdb")

    def _check(self, table: exp.Table) -> None:
        full_name = f"{table.catalog}.{table.db}.{table.name}"
        if {full_name, f"{table.catalog}.{table.db}"} & self.denied:
            raise WarehouseError(
                "[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\n"
                f"User does not have USE SCHEMA on Schema '{table.catalog}.{table.db}'. SQLSTATE: 42501"
            )

    def _detail(self, sql: str) -> str:
        name = ".".join(part.replace("``", "`") for part in re.findall(r"`((?:[^`]|``)*)`", sql))
        if name in self.denied:
            raise WarehouseError(
                "[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\n"
                f"User does not have SELECT on Table '{name}'. SQLSTATE: 42501"
            )
        if not self.con.execute("SELECT 1 FROM details WHERE name = ?", [name]).fetchone():
            raise WarehouseError(f"[DELTA_MISSING_DELTA_TABLE] {name} is not a Delta table. SQLSTATE: 42P02")
        return exp.select("*").from_("details").where(exp.column("name").eq(name)).sql(dialect="duckdb")


class _Service:
    """The Thrift calls. See TCLIService.thrift, which comes with the connector."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._operations: dict[bytes, dict[str, Any]] = {}

    def OpenSession(self, req: Any) -> Any:  # noqa: N802 - Thrift's names
        self._warehouse.sessions += 1
        self._warehouse.open_sessions += 1
        return T.TOpenSessionResp(
            status=_OK,
            serverProtocolVersion=T.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
            sessionHandle=T.TSessionHandle(sessionId=_handle()),
            canUseMultipleCatalogs=True,
            initialNamespace=req.initialNamespace,
        )

    def CloseSession(self, req: Any) -> Any:  # noqa: N802
        self._warehouse.open_sessions -= 1
        return T.TCloseSessionResp(status=_OK)

    def ExecuteStatement(self, req: Any) -> Any:  # noqa: N802
        self._warehouse.statements.append(req.statement)
        handle = T.TOperationHandle(
            operationId=_handle(), operationType=T.TOperationType.EXECUTE_STATEMENT, hasResultSet=True
        )
        operation = self._operations[handle.operationId.guid] = {"error": None, "polls": 0}
        try:
            self._run(operation, req)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets to see it
            operation["error"] = str(error) if isinstance(error, WarehouseError) else f"[TEST] {error!r}"
        wanted = req.getDirectResults
        if wanted is None:
            operation["polls"] = 2
            self._warehouse.running += 1
            self._warehouse.most_running = max(self._warehouse.most_running, self._warehouse.running)
            return T.TExecuteStatementResp(status=_OK, operationHandle=handle)
        self._warehouse.page_sizes.add((wanted.maxRows, wanted.maxBytes))
        direct = T.TSparkDirectResults(operationStatus=self._status(operation))
        if not operation["error"]:
            direct.resultSetMetadata, direct.resultSet = _metadata(operation), _page(operation)
            if not direct.resultSet.hasMoreRows:
                direct.closeOperation = T.TCloseOperationResp(status=_OK)
        return T.TExecuteStatementResp(status=_OK, operationHandle=handle, directResults=direct)

    def _run(self, operation: dict[str, Any], req: Any) -> None:
        if len(req.parameters or ()) > _MOST_PARAMETERS:
            raise WarehouseError(f"[TOO_MANY_PARAMETERS] At most {_MOST_PARAMETERS} are allowed.")
        sql = self._warehouse.translate(req.statement)
        cursor = self._warehouse.con.cursor()
        cursor.execute(sql or "SELECT 1 AS nothing WHERE false", [_value(p) for p in req.parameters or ()] or None)
        with warnings.catch_warnings(action="ignore"):  # that a copy is made
            reader: Any = cursor.to_arrow_table()
        operation["batches"] = iter(reader.to_batches(max_chunksize=_PAGE_ROWS))
        operation["schema"], operation["next"] = reader.schema, next(operation["batches"], None)

    def _status(self, operation: dict[str, Any]) -> Any:
        error = operation["error"]
        state = T.TOperationState.ERROR_STATE if error else T.TOperationState.FINISHED_STATE
        return T.TGetOperationStatusResp(
            status=_OK, operationState=state, errorMessage=error, displayMessage=error, hasResultSet=not error
        )

    def GetOperationStatus(self, req: Any) -> Any:  # noqa: N802
        operation = self._operations[req.operationHandle.operationId.guid]
        if operation["polls"]:
            operation["polls"] -= 1
            if operation["polls"]:
                return T.TGetOperationStatusResp(status=_OK, operationState=T.TOperationState.RUNNING_STATE)
            self._warehouse.running -= 1
        return self._status(operation)

    def GetResultSetMetadata(self, req: Any) -> Any:  # noqa: N802
        return _metadata(self._operations[req.operationHandle.operationId.guid])

    def FetchResults(self, req: Any) -> Any:  # noqa: N802
        operation = self._operations[req.operationHandle.operationId.guid]
        page = _page(operation)
        if req.includeResultSetMetadata:
            page.resultSetMetadata = _metadata(operation)
        return page

    def CloseOperation(self, req: Any) -> Any:  # noqa: N802
        self._operations.pop(req.operationHandle.operationId.guid, None)
        return T.TCloseOperationResp(status=_OK)

    def CancelOperation(self, req: Any) -> Any:  # noqa: N802
        return T.TCancelOperationResp(status=_OK)


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024  # head and body in one packet
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        warehouse = self.server.warehouse
        warehouse.paths.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._reply(403)
        if warehouse.status != 200:
            return self._reply(warehouse.status)
        out = TMemoryBuffer()
        with self.server.lock:
            self.server.processor.process(TBinaryProtocol(TMemoryBuffer(body)), TBinaryProtocol(out))
        return self._reply(200, out.getvalue())

    def do_GET(self) -> None:
        self.server.warehouse.paths.append(self.path)
        self._reply(404, b"{}", "application/json")

    def _reply(self, status: int, body: bytes = b"", content_type: str = "application/x-thrift") -> None:
        with suppress(BrokenPipeError):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Keep the test's output clean."""


def _handle() -> Any:
    return T.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)


def _value(parameter: Any) -> Any:
    text = parameter.value and parameter.value.stringValue
    if parameter.type == "TIMESTAMP":
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if parameter.type == "DATE" else text


def _metadata(operation: dict[str, Any]) -> Any:
    columns = []
    for position, field in enumerate(operation["schema"]):
        name = next((name for test, name in _TYPES if test(field.type)), "STRING")
        entry = T.TTypeEntry(primitiveEntry=T.TPrimitiveTypeEntry(type=getattr(T.TTypeId, f"{name}_TYPE")))
        columns.append(T.TColumnDesc(columnName=field.name, position=position + 1, typeDesc=T.TTypeDesc(types=[entry])))
    return T.TGetResultSetMetadataResp(
        status=_OK,
        schema=T.TTableSchema(columns=columns),
        resultFormat=T.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=False,
        arrowSchema=operation["schema"].serialize().to_pybytes(),
    )


def _page(operation: dict[str, Any]) -> Any:
    batch, operation["next"] = operation["next"], next(operation["batches"], None)
    batches = []
    if batch is not None:
        batches = [T.TSparkArrowBatch(batch=batch.serialize().to_pybytes(), rowCount=batch.num_rows)]
    return T.TFetchResultsResp(
        status=_OK,
        hasMoreRows=operation["next"] is not None,
        results=T.TRowSet(startRowOffset=0, rows=[], arrowBatches=batches),
    )
