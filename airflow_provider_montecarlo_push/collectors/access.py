"""What a collector can read, and which grants give the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_montecarlo_push.events import Flow


@dataclass(frozen=True)
class AccessCheck:
    """Whether one of the things that a collector reads can be read.

    :param name: the system view, database or folder.
    :param flows: which flows read it.
    :param readable: whether it can be read now.
    :param needed: when it is read, and what happens without it.
    :param grants: the statements that give it, where it cannot.
    :param problem: what the source said then.
    """

    name: str
    flows: frozenset[Flow]
    readable: bool
    needed: str = ""
    grants: tuple[str, ...] = ()
    problem: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return it as XCom and JSON can hold it."""
        return {
            "name": self.name,
            "flows": sorted(self.flows),
            "readable": self.readable,
            "needed": self.needed,
            "grants": list(self.grants),
            "problem": self.problem,
        }


def access_table(checks: Iterable[AccessCheck]) -> str:
    """Return the checks as a table, with the grants behind it."""
    checks = list(checks)
    width = max((len(check.name) for check in checks), default=0)
    lines = [f"{'':<{width}}  readable  for"]
    for check in checks:
        readable = "yes" if check.readable else "NO"
        lines.append(f"{check.name:<{width}}  {readable:<8}  {', '.join(sorted(check.flows))}")
    for check in (check for check in checks if not check.readable):
        lines += ["", f"{check.name}: {check.needed}" if check.needed else check.name]
        lines += [f"  {grant}" for grant in check.grants] or [f"  {check.problem}"]
    return "\n".join(lines)
