"""The corpus: statements of all dialects, each with the lineage that it means."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.lineage.corpus import CorpusCase, found, load
from tests.lineage.report import main


@pytest.mark.parametrize("case", load(), ids=lambda case: case.id)
def test_case(case: CorpusCase) -> None:
    result = case.run()
    actual = sorted(found(result), key=repr)
    expected = sorted(case.edges, key=repr)
    assert [(edge.destination, edge.sources) for edge in actual] == [(e.destination, e.sources) for e in expected]
    assert [edge.columns for edge in actual] == [edge.columns for edge in expected]
    assert {item.reason for item in result.unparsed} >= set(case.unparsed)


def test_the_corpus_covers_all_dialects_and_kinds() -> None:
    cases = load()
    by_dialect = Counter(case.dialect for case in cases)
    assert len(cases) >= 400
    assert len({case.id for case in cases}) == len(cases)
    assert min(by_dialect.values()) >= 10
    assert len(by_dialect) == 17


def test_the_report_counts_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    last = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("all ")]
    assert {int(line[1]) for line in last} == {len(load())}
