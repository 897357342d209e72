"""Include and exclude globs over the ids of jobs."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_RENDERED_LIST = re.compile(r"\[\s*(['\"].*['\"])?\s*\]", re.DOTALL)


class JobFilter:
    """Which jobs are in scope. Ids are compared with regard to case.

    :param include: globs with ``*``, ``?`` and ``[…]``, one string or several; none means all.
    :param exclude: likewise; none means none.
    :raises ConfigurationError: when a pattern is empty, or a list that a template turned into text.
    """

    def __init__(self, include: str | Iterable[str] | None = None, exclude: str | Iterable[str] | None = None) -> None:
        self.include = _patterns(include) or ("*",)
        self.exclude = _patterns(exclude)

    def matches(self, job: str) -> bool:
        """Tell whether a job is in scope."""
        return any(fnmatch.fnmatchcase(job, glob) for glob in self.include) and not any(
            fnmatch.fnmatchcase(job, glob) for glob in self.exclude
        )

    def describe(self) -> dict[str, list[str]]:
        """Return the patterns as they are kept in a manifest."""
        return {"include": list(self.include), "exclude": list(self.exclude)}


def _patterns(patterns: str | Iterable[str] | None) -> tuple[str, ...]:
    if patterns is None:
        return ()
    found = tuple([patterns] if isinstance(patterns, str) else patterns)
    for pattern in found:
        if not isinstance(pattern, str) or not pattern.strip():
            raise ConfigurationError(f"The pattern {pattern!r} names no job; write an id, such as 'shop_*'.")
        if _RENDERED_LIST.fullmatch(pattern.strip()) and len(found) == 1:
            raise ConfigurationError(
                f"The pattern {pattern!r} is a list that a template turned into text. Set "
                "render_template_as_native_obj=True on the DAG."
            )
    return found
