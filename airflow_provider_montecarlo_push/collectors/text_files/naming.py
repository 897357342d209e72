"""What the names of files say: format, time, whether they are meant at all."""

from __future__ import annotations

import calendar
import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from airflow_provider_montecarlo_push.manifests.model import TimeWindow

FORMATS = ("jsonl", "csv")
_FORMAT_OF_SUFFIX = {"jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "tsv": "csv"}
_CODE = re.compile(r"%(%|[YymdHMj])")
_MAGIC = re.compile(r"[*?\[]")
_HIDDEN = (".", "_")


def format_of(name: str) -> str | None:
    """Return the format that a name tells, whatever comes after: ``queries.jsonl.2.gz`` is ``jsonl``."""
    for suffix in reversed(posixpath.basename(name).lower().split(".")[1:]):
        if suffix in _FORMAT_OF_SUFFIX:
            return _FORMAT_OF_SUFFIX[suffix]
    return None


def is_tab_separated(name: str) -> bool:
    """Tell whether the name says that columns are separated by tabs."""
    return "tsv" in posixpath.basename(name).lower().split(".")[1:]


def is_glob(path: str) -> bool:
    """Tell whether ``path`` holds ``*``, ``?`` or ``[``."""
    return _MAGIC.search(path) is not None


def is_hidden(relative: str) -> bool:
    """Tell whether a file below a folder is none of its data, such as ``_SUCCESS`` or ``.part-0.crc``."""
    return any(part.startswith(_HIDDEN) and "=" not in part for part in relative.split("/") if part)


def is_hidden_in_glob(name: str, pattern: str) -> bool:
    """Tell whether a file that a glob matches is hidden, and the glob does not ask for such files."""
    parts = pattern.split("/")
    plain = next((number for number, part in enumerate(parts) if is_glob(part)), len(parts))
    wanted = any(part.startswith(_HIDDEN) for part in parts[plain:])
    return not wanted and is_hidden("/".join(name.split("/")[plain:]))


def has_time_codes(path: str) -> bool:
    """Tell whether ``path`` holds codes such as ``%Y``, so that it is not one place but one for each time."""
    return any(match.group(1) != "%" for match in _CODE.finditer(path))


def places_of(path: str, window: TimeWindow, zone: tzinfo | None) -> Iterator[str]:
    """Yield the places that hold the rows of ``window``: ``path`` with its time codes filled in, each once.

    A file may be named by the time at which it was begun or by that at which it was finished, so the steps before and
    after the window are taken as well.

    :param path: may hold ``%Y``, ``%y``, ``%m``, ``%d``, ``%j``, ``%H``, ``%M``; ``%%`` is a percent sign there.
    :param zone: in which files are named, UTC when ``None``.
    """
    codes = {match.group(1) for match in _CODE.finditer(path)} - {"%"}
    if not codes:
        yield path
        return
    zone = zone or UTC
    moment = _floor(window.start.astimezone(zone).replace(tzinfo=None), codes)
    moment = _floor(moment - timedelta(seconds=1), codes)
    last = window.end.astimezone(zone).replace(tzinfo=None)
    seen = None
    beyond = False
    while not beyond:
        beyond = moment > last
        place = _filled(path, moment)
        if place != seen:
            yield place
        seen = place
        moment = _next(moment, codes)


def _filled(path: str, moment: datetime) -> str:
    return _CODE.sub(lambda match: "%" if match.group(1) == "%" else moment.strftime(match.group(0)), path)


def _floor(moment: datetime, codes: set[str]) -> datetime:
    moment = moment.replace(second=0, microsecond=0)
    if "M" in codes:
        return moment
    if "H" in codes:
        return moment.replace(minute=0)
    moment = moment.replace(hour=0, minute=0)
    if codes & {"d", "j"}:
        return moment
    return moment.replace(day=1) if "m" in codes else moment.replace(month=1, day=1)


def _next(moment: datetime, codes: set[str]) -> datetime:
    if "M" in codes:
        return moment + timedelta(minutes=1)
    if "H" in codes:
        return moment + timedelta(hours=1)
    if codes & {"d", "j"}:
        return moment + timedelta(days=1)
    days = calendar.monthrange(moment.year, moment.month)[1] if "m" in codes else 365 + calendar.isleap(moment.year)
    return moment + timedelta(days=days)
