"""One form for every timestamp on the wire: ISO 8601 in UTC with a trailing ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_montecarlo_push.exceptions import InvalidEventError


def to_utc(value: datetime | str, *, field: str = "timestamp") -> datetime:
    """Return ``value`` as an aware ``datetime`` in UTC.

    :param value: an aware ``datetime``, or an ISO 8601 string with an offset or ``Z``.
    :param field: what the value is, for the error.
    :raises InvalidEventError: when it is no timestamp, or carries no time zone: guessing one would shift
        freshness by hours without anybody noticing.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidEventError(
                f"{field} {value!r} is not an ISO 8601 timestamp, such as 2024-03-01T14:30:00Z."
            ) from None
    if not isinstance(value, datetime):
        raise InvalidEventError(f"{field} must be a datetime or an ISO 8601 string, not {type(value).__name__}.")
    if value.tzinfo is UTC and type(value) is datetime:
        return value
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidEventError(
            f"{field} {value.isoformat()} has no time zone. Attach the one it was measured in, "
            "for example value.replace(tzinfo=timezone.utc)."
        )
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        raise InvalidEventError(f"{field} {value.isoformat()} cannot be expressed in UTC.") from None
    if type(moment) is datetime:
        return moment
    # Airflow's own datetimes are pendulum's, which the JSON encoder does not take for what they are.
    return datetime.combine(moment.date(), moment.time(), UTC)
