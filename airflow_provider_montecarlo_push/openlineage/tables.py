"""The tables behind paths."""

from __future__ import annotations

from collections import Counter
from typing import Any

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.systems import system_of
from airflow_provider_montecarlo_push.openlineage.values import dataset_of, facet, several, text


def table_behind(thing: Any, dataset: Dataset, left_out: Counter[str]) -> Dataset:
    """Return the table that an input or output is.

    Spark names a table by where its files are, and says in the facet ``symlinks`` which table of a metastore that is.
    A catalog that is itself a path, as those of Iceberg without a metastore, has no warehouse that Monte Carlo could
    know; the path is kept then.

    :param thing: input or output of an event.
    :param dataset: what it names.
    """
    if not _is_path(dataset):
        return dataset
    symlinks = facet(thing, "symlinks", left_out)
    for given in several(symlinks, "identifiers", left_out):
        table = dataset_of(given)
        if table is not None and text(given, "type").upper() == "TABLE" and not _is_path(table):
            return table
    return dataset


def _is_path(dataset: Dataset) -> bool:
    # Spark writes file:/folder for local catalogs.
    scheme = dataset.namespace.partition(":")[0]
    system = system_of(scheme)
    return system is not None and system.is_store
