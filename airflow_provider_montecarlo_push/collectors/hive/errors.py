"""What Hive's servers, thrift and SASL raise, as errors of this package.

The clients are not imported here: their errors are told by class name and by the texts of Hive and Spark. Sources:
``ErrorMsg`` of Hive, ``error-conditions.json`` of Spark, ``TTransportException`` and ``TApplicationException`` of
thrift.
"""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.collectors.errors import is_own_error, one_line
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MissingDependencyError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

# Of the hook, when it could connect to none of the hosts.
_NO_HOST = "Failed to locate the valid server"
_DENIED = re.compile(
    r"HiveAccessControlException|AccessControlException|HiveAuthzPluginException|AuthorizationException"
    r"|permission denied|not authorized|does not have .{0,80}privilege|no privilege|insufficient privileges",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"Error 1000[15]\b|Error 10072\b|\[TABLE_OR_VIEW_NOT_FOUND\]|\[SCHEMA_NOT_FOUND\]|Table or view .{0,300}not found"
    r"|NoSuchTableException|NoSuchDatabaseException|NoSuchObjectException|UnknownDBException",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"Invalid SessionHandle|Unable to instantiate .{0,200}MetaStoreClient|TTransportException|SocketTimeoutException"
    r"|Connection ?refused|Connection reset|ConnectException|connection limit|Failed to acquire connection"
    r"|OutOfMemoryError|GC overhead|RejectedExecutionException|Unable to open (?:a test )?connection|read 0 bytes",
    re.IGNORECASE,
)
_GONE_CLASSES = frozenset({"NoSuchObjectException", "UnknownDBException", "UnknownTableException"})
_REFUSED_LOGIN = (
    "Bad status:",
    "Bad SASL",
    "Could not start SASL",
    "GSS initiate failed",
    "Error validating the login",
)
_WRONG_PROTOCOL = ("Length exceeded max allowed", "Invalid method name: 'OpenSession'")
_NO_METHOD = 1
_PASSING_CLASSES = frozenset({"TTransportException", "TApplicationException", "MetaException"})


class UnknownMethodError(SourceError):
    """The metastore is of a version that does not have a method."""


class TableGoneError(SourceError):
    """A table or database is no more there."""


def translate(error: Exception, doing: str, conn_id: str) -> Exception:
    """Return what to raise for ``error``: itself where it says enough.

    :param error: what the hook, its client, or the network below raised.
    :param doing: what was being done, such as ``Reading table shop.orders``.
    :param conn_id: the Airflow connection.
    """
    text = f"{doing} over connection {conn_id!r} failed: {one_line(_message(error))}"
    if _NO_HOST in str(error):
        return SourceUnavailableError(f"{text} None of the hosts of the connection answers on its port.")
    if is_own_error(error):
        return error
    if isinstance(error, ImportError):
        return MissingDependencyError(
            f"{text}. Install airflow-provider-montecarlo-push[hive] on the workers, and what SASL needs there."
        )
    if isinstance(error, ValueError | NotImplementedError | AssertionError):
        return ConfigurationError(f"{text}. Correct auth_mechanism, login and password of the connection.")
    return _of_server(error, text)


def _of_server(error: Exception, text: str) -> MonteCarloPushError:
    name = type(error).__name__
    if any(words in text for words in _REFUSED_LOGIN):
        return SourceError(f"{text}. Correct auth_mechanism, login, password or ticket of the connection.")
    if _DENIED.search(text):
        return AccessDeniedError(text)
    if name in _GONE_CLASSES or _GONE.search(text):
        return TableGoneError(text)
    if _is_wrong_protocol(error):
        return ConfigurationError(
            f"{text}. What answers there does not speak the protocol that the connection asks for: check its type, its "
            "port, and auth_mechanism in its extra (NOSASL where the server has no SASL)."
        )
    if name == "TApplicationException" and getattr(error, "type", None) == _NO_METHOD:
        return UnknownMethodError(text)
    if name in _PASSING_CLASSES or isinstance(error, OSError | EOFError) or _is_passing(text):
        return SourceUnavailableError(text)
    return SourceError(text)


def _is_wrong_protocol(error: Exception) -> bool:
    text = _message(error)
    return type(error).__name__ == "TProtocolException" or any(words in text for words in _WRONG_PROTOCOL)


def _is_passing(text: str) -> bool:
    return _PASSING.search(text) is not None


def _message(error: Exception) -> str:
    """Return the message in an answer of HiveServer2, which comes with a page of Java in it."""
    answer = error.args[0] if error.args else None
    message = getattr(getattr(answer, "status", None), "errorMessage", None) or getattr(error, "message", None)
    return str(message or error)
