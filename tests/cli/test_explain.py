"""`fuota explain`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fuota_constructs import rules
from fuota_constructs.cli.explain import EVERY
from fuota_constructs.cli.root import fuota

from .published import document


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(fuota, ["explain", *arguments], prog_name="fuota")


def test_lists_every_rule_in_eighty_columns() -> None:
    listed = explain().stdout
    assert [rule.id for rule in EVERY if f"{rule.id} ({' or '.join(rule.levels)})\n" not in listed] == []
    assert [line for line in listed.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_says_everything_of_a_rule(rule: rules.Rule) -> None:
    said = explain(rule.id).stdout
    words = " ".join(said.split())
    for part in (rule.what, rule.why, rule.remedy, rule.source):
        assert " ".join(part.split()) in words
    assert (f'acknowledge_warning("{rule.id}", ' in said) == ("warning" in rule.levels)
    assert ("cannot be acknowledged" in words) == ("error" in rule.levels)
    assert [line for line in said.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("typed", ["duty-cycle", "DUTY_CYCLE", "duty-cycle:", "[ack: duty-cycle]", "`duty cycle`"])
def test_takes_a_rule_as_a_message_has_it(typed: str) -> None:
    assert explain(typed).stdout.startswith("duty-cycle (warning)\n")


def test_answers_json(tmp_path: Path) -> None:
    every = document(explain("--json").stdout)["rules"]
    assert [each["rule"] for each in every] == [rule.id for rule in EVERY]
    file = tmp_path / "rule.json"
    assert explain("role-trust", "--json-file", str(file)).exit_code == 0
    [one] = document(file.read_text())["rules"]
    assert (one["rule"], one["levels"], one["acknowledge"]) == ("role-trust", ["error"], None)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("dutycycle", "duty-cycle"), ("dwell", "dwell-time"), ("xyzzy", "fuota explain lists all"), ("", "lists all")],
)
def test_fails_for_what_is_no_rule_naming_the_nearest(typed: str, meant: str) -> None:
    done = explain(typed)
    assert done.exit_code == 2
    assert f"is no rule: {'did you mean ' if '-' in meant else ''}{meant}" in " ".join(done.stderr.split()) or (
        meant in done.stderr
    )
