"""What is refused at once has a row, too."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import fuota_constructs
from fuota_constructs.rules import RULES, TaskPlan
from fuota_constructs.rules.refusals import REFUSALS

PACKAGE = Path(fuota_constructs.__file__).parent
SOURCES = [
    path.read_text()
    for path in PACKAGE.rglob("*.py")
    if not {"runtime", "local", "cli", "operations", "rules"} & {*path.relative_to(PACKAGE).parts}
]
RAISING = {"FuotaValidationError", "_refuse", "add_warning_v2", "warn"}
KNOWN = {rule.id for rule in (*RULES, *REFUSALS)}


def raised(source: str) -> Iterator[str]:
    """The ids that a file names: where it raises or warns, as the argument `rule`, and as its `RULE`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            named = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            values = [*named, *(node.args[:2] if called in RAISING else ())]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and "RULE" in ast.unparse(node).partition("=")[0]:
            values = [node.value] if node.value else []
        else:
            continue
        for value in values:
            if isinstance(value, ast.Constant) and re.fullmatch("[a-z]+(-[a-z]+)*", str(value.value)):
                yield str(value.value)


def test_whatever_is_raised_has_a_row() -> None:
    ids = {id for source in SOURCES for id in raised(source)}
    assert len(ids) > 50
    # `FuotaProvider.configure` names parameters where the others name rules.
    assert {id for id in ids if id not in KNOWN and f"provider-{id}" not in KNOWN} == set()


def test_whatever_has_a_row_is_raised() -> None:
    text = "\n".join(SOURCES)
    for id in (rule.id for rule in REFUSALS):
        name = id.partition("-")[2].replace("-", "_")  # in the ids that are made of the name of a parameter
        assert any(f'"{each}"' in text for each in (id, name, id.replace("-", "_"))) or name.replace("_", " ") in text


def test_ids_are_unique_and_no_synth_asks_them() -> None:
    assert len(KNOWN) == len(RULES) + len(REFUSALS)
    assert [finding for rule in REFUSALS for finding in rule.check(TaskPlan())] == []
