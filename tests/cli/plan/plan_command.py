"""`fuota plan`, as the tests call it."""

from typing import Any

from click.testing import CliRunner, Result

from fuota_constructs.cli.root import fuota as root

from ..published import document

EU868 = ("--region", "EU868")


def plan(*arguments: str, columns: int = 80) -> Result:
    """The command in this process, so many columns wide."""
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(root, ["plan", *arguments])


def content(*arguments: str) -> dict[str, Any]:
    """Its JSON, whatever the exit code."""
    return document(plan(*arguments, "--json").stdout)


def findings(*arguments: str) -> dict[str, str]:
    """The level of each rule that finds something."""
    return {finding["rule"]: finding["level"] for finding in content(*arguments)["findings"]}
