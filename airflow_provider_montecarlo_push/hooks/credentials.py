"""Ids and secrets of keys, as people paste them into connections."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

# With anything else in a header, HTTP libraries fail and show the header's value.
_KEY_TEXT = re.compile(r"[\x21-\x7e]*")


def key_text(value: object, what: str, origin: str) -> str:
    """Return the id or secret of a key without the blanks around it; empty when there is none.

    :param what: ``key id`` or ``secret``, for the error.
    :param origin: where it was configured: ``connection 'montecarlo_default'``.
    :raises ConfigurationError: when no key has such characters; the message does not show it.
    """
    text = str(value or "").strip()
    if not _KEY_TEXT.fullmatch(text):
        raise ConfigurationError(
            f"The {what} of {origin} has characters that no key has, such as a blank, a line break or an accent. Copy "
            "it again."
        )
    return text
