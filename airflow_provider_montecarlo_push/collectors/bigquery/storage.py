"""Rows, bytes and time of the last change of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from airflow_provider_montecarlo_push.collectors.bigquery.catalog import Catalog
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_DATASETS_AT_ONCE = 50


def read_storage(catalog: Catalog, place: Place, report: CollectionReport) -> Iterator[Row]:
    """Return rows of dataset, table, rows, bytes, last modified; ordered.

    They come from TABLE_STORAGE or, where that is not granted, from ``__TABLES__``, fifty datasets at a time. There
    "last modified" is moved by changes of the schema too.
    """
    try:
        return catalog.storage()
    except AccessDeniedError as error:
        report.note(
            f"{error}\nVolume and freshness of {place.project} in {place.region} come from __TABLES__ instead, whose "
            "time of the last change is moved by changes of the schema too."
        )
        return _from_datasets(catalog, report)


def _from_datasets(catalog: Catalog, report: CollectionReport) -> Iterator[Row]:
    datasets = (str(row[0]) for row in catalog.datasets())
    while some := list(islice(datasets, _DATASETS_AT_ONCE)):
        yield from _of(catalog, some, report)


def _of(catalog: Catalog, datasets: Sequence[str], report: CollectionReport) -> Iterator[Row]:
    try:
        yield from catalog.legacy_storage(datasets)
    except AccessDeniedError as error:
        if len(datasets) == 1:
            report.leave_out("storage_not_visible", f"{datasets[0]}: {error}")
            return
        # One that is closed costs the others nothing.
        for dataset in datasets:
            yield from _of(catalog, [dataset], report)
