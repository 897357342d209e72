from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.manifests.ranges import LineRanges

spans = st.tuples(st.integers(0, 200), st.integers(0, 30)).map(lambda pair: (pair[0], sum(pair)))


@given(st.lists(spans, max_size=30))
def test_ranges_are_a_set_of_lines(added: list[tuple[int, int]]) -> None:
    ranges = LineRanges()
    lines: set[int] = set()
    for first, last in added:
        ranges.add(first, last)
        lines.update(range(first, last + 1))
        assert len(ranges) == len(lines)
    assert [line for line in range(240) if line in ranges] == sorted(lines)
