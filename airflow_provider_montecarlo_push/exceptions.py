"""Every public error, grouped by how one recovers from it.

``TransientError`` may pass by itself, so a task that raises it is retried by Airflow. ``FinalError`` will not: what
hooks and operators raise is an ``AirflowFailException`` as well, which fails the task at once. This module imports
nothing, so the data path runs without loading Airflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MonteCarloPushError(Exception):
    """Base of every error of this package. The message names the thing, the cause and the next step."""


class TransientError(MonteCarloPushError):
    """May pass by itself; worth a retry."""


class FinalError(MonteCarloPushError):
    """Will be the same the next time; somebody has to change something."""


# Fix the configuration -----------------------------------------------------------------------------


class ConfigurationError(FinalError):
    """A parameter, connection field or setting is missing or wrong."""


class UnknownValueError(ConfigurationError):
    """A value is not one of a closed list, such as a ``resource_type`` or ``log_type``."""


class InvalidWindowError(ConfigurationError):
    """A time window ends before it starts, or its bounds carry no time zone."""


class MissingDependencyError(ConfigurationError):
    """An optional extra of this package is not installed."""


# Fix the event -------------------------------------------------------------------------------------


class InvalidEventError(FinalError):
    """An event breaks a rule of the Ingest API and would be refused there."""


# Fix the manifest ----------------------------------------------------------------------------------


class ManifestError(FinalError):
    """A manifest cannot be used as it is."""


class ManifestNotFoundError(ManifestError):
    """No ``manifest.json`` where one was announced."""


class ManifestFormatError(ManifestError):
    """``manifest.json`` is unreadable, or was written by a newer version of this package."""


class ManifestCorruptedError(ManifestError):
    """A part is missing, or its content does not match the sha256 in ``manifest.json``."""


class ManifestFlowError(ManifestError):
    """The manifest holds another flow than the operator pushes."""


class NotComparableError(ManifestError):
    """Two manifests are not of the same scope, or not whole: what one lacks need not have been dropped."""


class SpoolError(FinalError):
    """The store does not do what a spool needs, or a file of the spool's own is damaged."""


# Fix the source ------------------------------------------------------------------------------------


class SourceError(FinalError):
    """A warehouse cannot be collected from as it is."""


class AccessDeniedError(SourceError):
    """A view or database is missing or not granted.

    :param grants: statements that give the missing access, ready to run.
    """

    def __init__(self, message: str, *, grants: Sequence[str] = ()) -> None:
        if grants:
            message += "\nRun, as a role that may grant:\n  " + "\n  ".join(grants)
        super().__init__(message)
        self.grants = tuple(grants)


class EmptyCatalogError(AccessDeniedError):
    """A catalog query answered with no table at all, which nearly always means a missing grant."""


class SourceUnavailableError(TransientError):
    """A warehouse did not answer, or dropped the connection."""


# The gateway ---------------------------------------------------------------------------------------


class GatewayUnavailableError(TransientError):
    """The gateway could not be reached, timed out, or answered 429 or 5xx until the retries were used up.

    :param timed_out: whether it took the request but did not answer in time; it may have accepted it.
    :param retry_after: seconds after which it wants to be asked again, where it said so.
    """

    def __init__(self, message: str, *, timed_out: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        self.retry_after = retry_after


class GatewayRefusedError(FinalError):
    """The gateway refused the request as a whole.

    :param status: HTTP status, ``None`` where there was no usable answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AuthenticationError(GatewayRefusedError):
    """401: the key id or its secret is wrong, or the key was deleted."""


class AuthorizationError(GatewayRefusedError):
    """403: the key is good but not allowed for this resource."""


class InvalidRequestError(GatewayRefusedError):
    """400 about the request itself (resource, type), not about one of its events."""


class ProtocolError(GatewayRefusedError):
    """The answer is not one of this API: a page, a redirect, a 2xx without an invocation id."""


class RejectedEventsError(FinalError):
    """Some events were refused one by one; all others were delivered.

    :param rejected: number of refused events.
    :param uri: the ``rejected.jsonl.gz`` that holds each of them with the gateway's message.
    """

    def __init__(self, message: str, *, rejected: int, uri: str | None = None) -> None:
        super().__init__(message)
        self.rejected = rejected
        self.uri = uri


class StalePushError(FinalError):
    """Something was not delivered for too long, or never.

    :param scopes: what is stale, a dict for each.
    """

    def __init__(self, message: str, *, scopes: Sequence[Mapping[str, object]]) -> None:
        super().__init__(message)
        self.scopes = tuple(scopes)


# GraphQL -------------------------------------------------------------------------------------------


class GraphQLError(FinalError):
    """The GraphQL API answered with errors.

    :param errors: the ``errors`` list of the answer.
    :param data: the partial ``data`` that came with it, or ``None``.
    """

    def __init__(
        self,
        message: str,
        *,
        errors: Sequence[Mapping[str, object]] = (),
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.errors = tuple(errors)
        self.data = data


# Deletion ------------------------------------------------------------------------------------------


class DeletionRefusedError(FinalError):
    """A guard stands in the way, or a table cannot be deleted as asked. Nothing was deleted."""


class DeletionIncompleteError(TransientError):
    """Monte Carlo deleted fewer tables than it was asked to; the next attempt goes on with the others."""


# Lineage graph -------------------------------------------------------------------------------------


class LineageRefusedError(FinalError):
    """Monte Carlo refused some nodes or edges; the others are done.

    :param refused: number of refused ones.
    :param uri: the record that says what was done and what not.
    """

    def __init__(self, message: str, *, refused: int, uri: str) -> None:
        super().__init__(message)
        self.refused = refused
        self.uri = uri


class LineageIncompleteError(TransientError):
    """Some edges lead to tables that are not visible yet; the others are done, and the next attempt tries these."""


# Keys ----------------------------------------------------------------------------------------------


class KeyNotStoredError(FinalError):
    """A key was made, but could not be put into an Airflow connection."""
