"""How much of the corpus the engine gets right: ``make lineage-report``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable

from airflow_provider_montecarlo_push.lineage import LineageResult
from tests.lineage.corpus import CorpusCase, Verdict, column_verdict, load, table_verdict

Judged = list[tuple[CorpusCase, LineageResult]]
Judge = Callable[[CorpusCase, LineageResult], Verdict]


def rows(judged: Judged, by: Callable[[CorpusCase], str]) -> Iterable[tuple[str, Counter[Verdict], Counter[Verdict]]]:
    """Yield for each group its name and its verdicts, at table and at column level."""
    groups: dict[str, tuple[Counter[Verdict], Counter[Verdict]]] = {}
    for case, result in judged:
        tables, columns = groups.setdefault(by(case), (Counter(), Counter()))
        tables[table_verdict(case, result)] += 1
        columns[column_verdict(case, result)] += 1
    yield from ((name, *verdicts) for name, verdicts in sorted(groups.items()))


def table(title: str, judged: Judged, by: Callable[[CorpusCase], str]) -> str:
    """Return a table of the verdicts by group."""
    head = f"{title:<20} {'cases':>5} | {'tables: exact':>13} {'partial':>7} {'wrong':>5} {'unparsed':>8}"
    head += f" | {'columns: exact':>14} {'partial':>7} {'wrong':>5} {'unparsed':>8}"
    lines = [head, "-" * len(head)]
    lines += [_line(*row) for row in rows(judged, by)]
    lines += [_line(*row) for row in rows(judged, lambda _: "all")]
    return "\n".join(lines)


def _line(name: str, tables: Counter[Verdict], columns: Counter[Verdict]) -> str:
    number = tables.total()
    return f"{name:<20} {number:>5} | {_cells(tables, 13)} | {_cells(columns, 14)}"


def _cells(verdicts: Counter[Verdict], width: int) -> str:
    exact = f"{verdicts[Verdict.EXACT]} {verdicts[Verdict.EXACT] / verdicts.total():4.0%}"
    rest = (verdicts[verdict] for verdict in (Verdict.PARTIAL, Verdict.WRONG, Verdict.UNPARSED))
    partial, wrong, unparsed = rest
    return f"{exact:>{width}} {partial:>7} {wrong:>5} {unparsed:>8}"


def main() -> int:
    """Print the report; list every case that is not exact."""
    judged = [(case, case.run()) for case in load()]
    print(table("dialect", judged, lambda case: case.dialect))
    print()
    print(table("kind", judged, lambda case: case.kind))
    alone = Counter(table_verdict(case, case.run(columns=False)) for case in load())
    print(f"\nSearched for tables only, {alone[Verdict.EXACT] / alone.total():.1%} have exact tables.")
    missed = [(case, result) for case, result in judged if column_verdict(case, result) is not Verdict.EXACT]
    if missed:
        print("\nNot exact:")
    for case, result in missed:
        print(f"  {case.id}: tables {table_verdict(case, result).value}, columns {column_verdict(case, result).value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
