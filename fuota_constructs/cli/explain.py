"""`fuota explain`."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs import rules
from fuota_constructs.cli import documents, options
from fuota_constructs.cli.output_files import deliver
from fuota_constructs.operations.visible_text import visible
from fuota_constructs.rules.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fuota_constructs.rules import Rule

WIDTH = 80
LABEL = 12

EVERY = (*rules.RULES, *REFUSALS)
"""What is checked at synth, and what is refused at once."""


class RuleName(click.ParamType["Rule"]):
    """The id of a rule, also as a message has it: `duty-cycle:` or `[ack: duty-cycle]`."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Rule:
        """Find the rule, or name the nearest."""
        known = {rule.id: rule for rule in EVERY}
        typed = str(value).lower().strip(" []:`").removeprefix("ack:").strip().replace("_", "-").replace(" ", "-")
        if typed in known:
            return known[typed]
        near = difflib.get_close_matches(typed, known) or [each for each in known if typed and typed in each][:3]
        remedy = f"did you mean {' or '.join(near)}?" if near else "fuota explain lists all"
        return self.fail(f"{visible(repr(str(value)))} is no rule: {remedy}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The rules that begin like that."""
        del ctx, param
        from click.shell_completion import CompletionItem

        return [CompletionItem(rule.id, help=rule.what) for rule in EVERY if rule.id.startswith(incomplete)]


@click.command()
@click.argument("rule", type=RuleName(), required=False)
@options.as_json
@options.json_file
def explain(*, rule: Rule | None, as_json: bool, json_file: Path | None) -> None:
    """Explain a rule of `cdk synth` and `fuota plan`: when it fires, why, what to do, and where that is written.

    RULE is what stands in the message, such as duty-cycle. Without it all rules are listed. What a warning is
    acknowledged with, where it does not hold, is shown too; an error cannot be acknowledged.

    \b
    Examples:
      fuota explain
      fuota explain duty-cycle
      fuota explain --json | jq -r '.rules[].rule'

    \b
    Exit codes:
      0  explained
      1  a file could not be written
      2  wrong usage, or no such rule
    """
    chosen = EVERY if rule is None else (rule,)
    text = documents.as_text("explain", {"rules": [_content(each) for each in chosen]})
    if as_json:
        click.echo(text)
    else:
        click.echo("\n".join(_listed(EVERY) if rule is None else _explained(rule)))
    deliver(json_file, text)


def acknowledgment(rule: Rule) -> str | None:
    """The line of Python that acknowledges a rule's warning; None where it has none."""
    if "warning" not in rule.levels:
        return None
    return f'cdk.Annotations.of(task).acknowledge_warning("{rule.id}", "why it is fine")'


def _content(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "levels": list(rule.levels),
        "fires_when": rule.what,
        "why": rule.why,
        "remedy": rule.remedy,
        "source": rule.source,
        "acknowledge": acknowledgment(rule),
    }


def _explained(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({' or '.join(rule.levels)})"
    for label, text in (
        ("fires when", rule.what),
        ("why", rule.why),
        ("remedy", rule.remedy),
        ("source", rule.source),
        ("level", _levels(rule)),
    ):
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"  {label:<{LABEL}}",
            subsequent_indent=" " * (LABEL + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    if line := acknowledgment(rule):
        yield ""
        yield "acknowledge a warning in the app, on the task or on whatever it is in:"
        yield f"  {line}"


def _levels(rule: Rule) -> str:
    error, warning = "an error fails the synthesis", "a warning can be acknowledged"
    if rule.levels == ("error",):
        return f"{error} and cannot be acknowledged"
    return warning if rule.levels == ("warning",) else f"{error} and cannot be acknowledged, {warning}"


def _listed(all_rules: Iterable[Rule]) -> Iterator[str]:
    for rule in all_rules:
        yield f"{rule.id} ({' or '.join(rule.levels)})"
        yield from textwrap.wrap(rule.what, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    yield ""
    yield "more about one: fuota explain RULE"
