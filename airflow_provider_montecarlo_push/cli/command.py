"""What every command has in common: where connections are found, what goes to stderr, which exit code it ends with."""

from __future__ import annotations

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import structlog
from airflow.providers.common.compat.sdk import AirflowNotFoundException, AirflowSkipException

from airflow_provider_montecarlo_push.cli.bars import CONSOLE
from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError, TransientError

FAILED = 1
NOT_YET = 3
# EX_TEMPFAIL of sysexits.h: the same command may succeed later.
TRY_AGAIN = 75
INTERRUPTED = 130
# The reader of a pipe is gone, as with `… | head`.
_PIPE_CLOSED = 141

# What Airflow looks at to tell a server's process, which may read connections in the metadata database, from a task's.
_PROCESS_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
# Those that Airflow gives handlers of their own.
_LOGGERS = ("airflow.task",)


def command(function: Callable[[Namespace], int | None]) -> Callable[[Namespace], None]:
    """Make a command of a function that returns an exit code, ``None`` for 0.

    :return: a function that raises ``SystemExit`` unless the code is 0.
    """

    @wraps(function)
    def run(arguments: Namespace) -> None:
        with _as_server(), _logging(verbose=arguments.verbose):
            code = _code_of(function, arguments)
        if code:
            raise SystemExit(code)

    return run


def _code_of(function: Callable[[Namespace], int | None], arguments: Namespace) -> int:
    try:
        code = function(arguments) or 0
        sys.stdout.flush()
    except AirflowSkipException as reason:
        return _say(f"skipped: {reason}", NOT_YET)
    except TransientError as error:
        return _say(f"error: {error}\nThis may pass by itself: try again.", TRY_AGAIN)
    except MonteCarloPushError as error:
        return _say(f"error: {error}", FAILED)
    except AirflowNotFoundException as error:
        return _say(
            f"error: {error}. Make the connection under Admin > Connections, with `airflow connections add`, or as an "
            "environment variable AIRFLOW_CONN_….",
            FAILED,
        )
    except KeyboardInterrupt:
        return _say("Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The interpreter flushes stdout once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except Exception as error:
        # Stores and drivers have errors of their own.
        if arguments.verbose:
            raise
        return _say(f"error: {type(error).__name__}: {error}\n--verbose shows where it comes from.", FAILED)
    return code


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


@contextmanager
def _as_server() -> Iterator[None]:
    before = os.environ.get(_PROCESS_CONTEXT)
    os.environ[_PROCESS_CONTEXT] = "server"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PROCESS_CONTEXT]
        else:
            os.environ[_PROCESS_CONTEXT] = before


@contextmanager
def _logging(*, verbose: bool) -> Iterator[None]:
    """Show warnings, or everything, on the console: what is logged through Python's logging and through structlog."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in _LOGGERS)]
    before = [(logger, logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO if verbose else logging.WARNING)
        logger.handlers, logger.propagate = [], True
    # The handler's level as well: Airflow gives some loggers of libraries a level of their own.
    root.handlers = [_ConsoleHandler(root.level)]
    # Hooks and operators of Airflow 3 log through structlog, which would print to stdout.
    configured = structlog.get_config()
    structlog.configure(
        processors=[structlog.stdlib.PositionalArgumentsFormatter(), structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**configured)
        for logger, level, propagate, handlers in before:
            logger.setLevel(level)
            logger.propagate, logger.handlers = propagate, handlers


class _ConsoleHandler(logging.Handler):
    """Prints above the bars, without breaking lines."""

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info and record.exc_info[0]:
            text += f"\n{logging.Formatter().formatException(record.exc_info)}"
        CONSOLE.print(text, markup=False, highlight=False, soft_wrap=True)
