"""What lineage from SQL texts costs: statements of all sizes, an hour of a query log, statements made to hurt.

``python -m benchmarks.lineage [--statements 240] [--queries 100000] [--shapes 2000]``.
One process, one core for each figure; memory is the peak above that of a bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

SMALLEST, LARGEST = 200, 20_000
DIALECTS = ("snowflake", "bigquery", "databricks", "redshift", "postgres", "hive", "trino", "tsql")
WORDS = ["order", "customer", "payment", "shipment", "refund", "ledger", "claim", "visit", "sensor", "campaign"]


class Writer:
    """Writes statements of given sizes, each with other tables, columns and expressions."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def statement(self, size: int) -> str:
        """Return one statement of about ``size`` characters."""
        kinds = (self._ctas, self._insert, self._merge, self._view, self._union, self._update)
        return self._chance.choice(kinds)(size)

    def _table(self) -> str:
        database, schema, name = (self._chance.choice(WORDS) for _ in range(3))
        return f"{database}_db.{schema}.{name}_{self._chance.randrange(99)}"

    def _column(self, alias: str) -> str:
        return (
            f"{alias}.{self._chance.choice(WORDS)}_{self._chance.choice(('id', 'at', 'amount', 'name', 'code', 'qty'))}"
        )

    def _expression(self, aliases: list[str]) -> str:
        one, two, three = (self._column(self._chance.choice(aliases)) for _ in range(3))
        number = self._chance.randrange(1_000)
        return self._chance.choice(
            (
                one,
                f"coalesce({one}, {two}, 0)",
                f"case when {one} > {number} then {two} when {three} is null then 'none' else {one} end",
                f"sum({one}) over (partition by {two} order by {three})",
                f"cast({one} as decimal(18, 2)) * {two} - {number}",
                f"concat(upper({one}), '-', trim({two}))",
                f"count(distinct {one})",
                f"nullif({one}, '{number}')",
            )
        )

    def _columns(self, aliases: list[str], size: int) -> str:
        items: list[str] = []
        length = 0
        while not items or length < size:
            items.append(f"{self._expression(aliases)} as column_{len(items)}")
            length += len(items[-1]) + 2
        return ",\n  ".join(items)

    def _select(self, size: int) -> str:
        tables = self._chance.randrange(1, 5)
        aliases = [f"t{number}" for number in range(tables)]
        joins = "".join(
            f"\n left join {self._table()} as t{number} on t{number}.{self._chance.choice(WORDS)}_id = t0.id"
            for number in range(1, tables)
        )
        where = f"\n where t0.created_at >= '2026-{self._chance.randrange(1, 13):02d}-01' and t0.kind in (1, 2, 3)"
        return f"select {self._columns(aliases, size - len(joins) - 120)}\n from {self._table()} as t0{joins}{where}"

    def _query(self, size: int) -> str:
        if size < 1_500:
            return self._select(size)
        number = min(2 + size // 2_500, 8)
        share = size // (number + 1)
        ctes = ",\n".join(f"step_{step} as ({self._select(share)})" for step in range(number))
        joins = "".join(f"\n join step_{step} on step_{step}.column_0 = step_0.column_0" for step in range(1, number))
        columns = ", ".join(
            f"coalesce(step_{self._chance.randrange(number)}.column_0, {number}) as out_{column}"
            for column in range(max(share // 50, 1))
        )
        return f"with {ctes}\nselect {columns}\n from step_0{joins}"

    def _ctas(self, size: int) -> str:
        return f"create table {self._table()} as\n{self._query(size)}"

    def _view(self, size: int) -> str:
        return f"create view {self._table()} as\n{self._query(size)}"

    def _insert(self, size: int) -> str:
        return f"insert into {self._table()}\n{self._select(size)}"

    def _union(self, size: int) -> str:
        number = max(2, size // 800)
        return f"insert into {self._table()}\n" + "\nunion all\n".join(
            self._select(size // number) for _ in range(number)
        )

    def _merge(self, size: int) -> str:
        columns = [f"column_{number}" for number in range(max(size // 120, 1))]
        sets = ", ".join(f"{column} = s.{column}" for column in columns)
        return (
            f"merge into {self._table()} as t using ({self._select(size // 2)}) as s on t.column_0 = s.column_0\n"
            f"when matched then update set {sets}\nwhen not matched then insert ({', '.join(columns)}) "
            f"values ({', '.join('s.' + column for column in columns)})"
        )

    def _update(self, size: int) -> str:
        sets = ", ".join(f"c{number} = s.column_{number}" for number in range(max(size // 200, 1)))
        return f"update {self._table()} set {sets} from ({self._select(size)}) as s where 1 = 1"


def statements(number: int) -> list[tuple[str, str]]:
    """Return dialects and statements whose sizes spread evenly over the orders of magnitude."""
    writer = Writer(7)
    spread = math.log(LARGEST / SMALLEST)
    sizes = [round(SMALLEST * math.exp(spread * (item + 0.5) / number)) for item in range(number)]
    random.Random(8).shuffle(sizes)
    return [(DIALECTS[item % len(DIALECTS)], writer.statement(size)) for item, size in enumerate(sizes)]


def varied(number: int, *, columns: bool) -> dict[str, float]:
    """Measure statements that are all different."""
    from airflow_provider_montecarlo_push.lineage import LineageParser

    texts = statements(number)
    parsers = {dialect: LineageParser(dialect, columns=columns, cache_size=0) for dialect in DIALECTS}
    parsers["tsql"].extract(texts[0][1], "db", "sc")
    begin = time.process_time()
    results = [parsers[dialect].extract(sql, "db", "sc") for dialect, sql in texts]
    seconds = time.process_time() - begin
    edges = sum(len(result.edges) for result in results)
    fields = sum(len(edge.fields) for result in results for edge in result.edges)
    if edges < number or any(result.unparsed for result in results):
        raise SystemExit(f"only {edges} edges of {number} statements")
    size = sum(len(sql) for _, sql in texts) / number
    return {"statements": number, "mean_bytes": size, "per_second": number / seconds, "edges": edges, "fields": fields}


def log(queries: int, shapes: int) -> Iterator[str]:
    """Yield the texts of a query log: ``shapes`` statements that come again with other literals."""
    writer = Writer(9)
    chance = random.Random(10)
    templates = [writer.statement(chance.randrange(300, 3_000)) for _ in range(shapes)]
    for number in range(queries):
        yield templates[number % shapes].replace("2026-", f"{1900 + number % 200}-") + f" -- run {number}"


def hour(queries: int, shapes: int, *, cache_size: int = 5_000) -> dict[str, float]:
    """Measure an hour of a query log, in which statements differ in their literals only."""
    from airflow_provider_montecarlo_push.lineage import LineageParser, LineageSession

    parser = LineageParser("snowflake", cache_size=cache_size)
    session = LineageSession(parser)
    begin = time.process_time()
    edges = 0
    for text in log(queries, shapes):
        edges += len(session.extract(text, "DB", "SC").edges)
    edges += len(session.close().edges)
    seconds = time.process_time() - begin
    return {"queries": queries, "shapes": shapes, "seconds": seconds, "edges": edges, "parsed": parser.cache_misses}


def _list_of_names(number: int) -> str:
    return "insert into t select a from s where b in (" + ", ".join(["c"] * number) + ")"


def _many_columns(number: int) -> str:
    return "create table t as select " + ", ".join(f"coalesce(a{n}, 0) as a{n}" for n in range(number)) + " from s"


def _chain_of_ctes(number: int) -> str:
    links = (f", c{n} as (select x.a from c{n - 1} x join c{n - 1} y on x.a = y.a)" for n in range(1, number))
    return f"create table t as with c0 as (select a from s){''.join(links)} select a from c{number - 1}"


HURTING: dict[str, Callable[[], str]] = {
    "list of 10,000": lambda: f"insert into t select a from s where b in ({', '.join(map(str, range(10_000)))})",
    "union of 500": lambda: "create table t as " + " union all ".join(f"select a{n} x from s{n}" for n in range(500)),
    "5 MB": lambda: _list_of_names(1_700_000),
    "1 MB of columns": lambda: _many_columns(42_000),
    "30,000 columns": lambda: _many_columns(30_000),
    "nested 300 deep": lambda: f"create table t as select {'coalesce(' * 300}a{', 0)' * 300} as a from s",
    "brackets 300 deep": lambda: f"create table t as select {'(' * 300}a{')' * 300} as a from s",
    "40 CTEs, each read twice": lambda: _chain_of_ctes(40),
}


def hurting(name: str) -> dict[str, float | str]:
    """Measure one statement that is made to hurt."""
    from airflow_provider_montecarlo_push.lineage import extract_lineage

    text = HURTING[name]()
    begin = time.process_time()
    result = extract_lineage(text, dialect="snowflake", default_database="DB", default_schema="SC")
    outcome = f"{len(result.edges)} edge" + "".join(f", {item.reason}" for item in result.unparsed)
    return {"seconds": time.process_time() - begin, "outcome": outcome}


def measured(*arguments: str) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.lineage", *arguments]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--statements", type=int, default=240)
    options.add_argument("--queries", type=int, default=100_000)
    options.add_argument("--shapes", type=int, default=2_000)
    options.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps({**one(given.one, given), "peak_mb": peak_mb()}))
        return
    bare = measured("--one", "nothing")["peak_mb"]
    sizes = ("--statements", str(given.statements), "--queries", str(given.queries), "--shapes", str(given.shapes))
    print(f"{'':<28} {'statements/s':>12} {'mean bytes':>10} {'columns':>8} {'MB above bare':>13}")
    for name in ("columns", "tables"):
        figures = measured(*sizes, "--one", name)
        memory = figures["peak_mb"] - bare
        speed = f"{name:<28} {figures['per_second']:>12.0f} {figures['mean_bytes']:>10.0f}"
        print(f"{speed} {figures['fields']:>8.0f} {memory:>13.0f}")
    figures = measured(*sizes, "--one", "hour")
    print(
        f"\n{given.queries:,} queries of {given.shapes:,} shapes: {figures['seconds']:.1f} s on one core, "
        f"{figures['parsed']:,.0f} parsed, {figures['edges']:,.0f} edges, "
        f"{figures['peak_mb'] - bare:.0f} MB above bare"
    )
    without = measured(*sizes, "--one", "hour_without_fingerprints")
    each = without["seconds"] / without["queries"] / (figures["seconds"] / figures["queries"])
    print(f"{without['queries']:,.0f} of them, each parsed anew: {each:.1f} times the seconds for each query\n")
    for name in HURTING:
        figures = measured("--one", "hurting", name)
        print(f"{name:<28} {figures['seconds']:>6.2f} s  {figures['peak_mb'] - bare:>5.0f} MB  {figures['outcome']}")


def one(what: list[str], given: argparse.Namespace) -> dict[str, float | str]:
    """Return one measurement."""
    if what[0] == "hurting":
        return hurting(what[1])
    if what[0] == "hour":
        return dict(hour(given.queries, given.shapes))
    if what[0] == "hour_without_fingerprints":
        return dict(hour(given.queries // 10, given.shapes, cache_size=0))
    return dict(varied(given.statements, columns=what[0] == "columns")) if what[0] != "nothing" else {}


if __name__ == "__main__":
    main()
