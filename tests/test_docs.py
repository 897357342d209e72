"""What the documentation says is there, is there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.cli.definition import get_cli_commands
from airflow_provider_montecarlo_push.operators import (
    access,
    asset_lineage,
    collect,
    deletion,
    detectors,
    etl,
    last_push,
    lineage_graph,
    push,
    resources,
    spool,
)
from airflow_provider_montecarlo_push.sensors import base, lineage, metadata, query_logs, received

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPERATORS = [
    cls
    for module in (
        access,
        asset_lineage,
        collect,
        push,
        deletion,
        detectors,
        etl,
        last_push,
        lineage_graph,
        resources,
        spool,
        base,
        metadata,
        lineage,
        query_logs,
        received,
    )
    for name, cls in vars(module).items()
    if name.startswith("MonteCarlo") and inspect.isclass(cls) and cls.__module__ == module.__name__
]


BASES = {
    "MonteCarloCollectOperator",
    "MonteCarloPushOperator",
    "MonteCarloLineageGraphOperator",
    "MonteCarloVisibilitySensor",
}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_the_readme_names_every_operator_and_parameter(operator: type) -> None:
    readme = (ROOT / "README.md").read_text()
    if operator.__name__ not in BASES:
        assert f"`{operator.__name__}`" in readme
    for cls in operator.__mro__:
        if cls.__module__.startswith("airflow_provider_montecarlo_push"):
            for parameter in inspect.signature(cls.__init__).parameters.values():
                if parameter.kind is parameter.KEYWORD_ONLY:
                    assert f"`{parameter.name}`" in readme, parameter.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target for page in PAGES for target in re.findall(r"(?:^\$ |`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named <= targets


def test_python_in_the_documentation_compiles() -> None:
    blocks = [block for page in PAGES for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)]
    assert blocks
    for block in blocks:
        compile(block, "documentation", "exec")


def test_the_page_of_the_command_line_names_every_command() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    (group,) = get_cli_commands()
    for command in group.subcommands:
        below = getattr(command, "subcommands", [])
        for name in [f"{command.name} {one.name}" for one in below] or [command.name]:
            assert re.search(rf"`{name}[` ]", page), name


def test_options_on_the_page_of_the_command_line_are_there() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    (group,) = get_cli_commands()
    commands = [one for command in group.subcommands for one in getattr(command, "subcommands", [command])]
    known = {flag for command in commands for argument in command.args for flag in argument.flags} | {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]+", page)) <= known
