"""What of a push can be seen at Monte Carlo: a conversation for each kind of expectation.

Each takes an expectation, plain values of bounded size, and returns an :class:`~.expecting.Outlook`: what is missing,
in words, and the expectation of the next conversation, which leaves out what is satisfied.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_montecarlo_push.graphql.asking import Conversation
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Expectation, Outlook
from airflow_provider_montecarlo_push.graphql.visibility.lineage import missing_lineage
from airflow_provider_montecarlo_push.graphql.visibility.metadata import missing_metadata
from airflow_provider_montecarlo_push.graphql.visibility.queries import missing_queries
from airflow_provider_montecarlo_push.graphql.visibility.received import missing_pushes

CONVERSATIONS: dict[str, Callable[[Expectation], Conversation[Outlook]]] = {
    "metadata": missing_metadata,
    "lineage": missing_lineage,
    "query_logs": missing_queries,
    "received": missing_pushes,
}
