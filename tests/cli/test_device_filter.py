"""Names that are given to a command, such as those of waves and statuses."""

import click
import pytest

from fuota_constructs.cli.device_filter import among, statuses_named


def test_a_name_is_taken_as_it_is_written_and_else_in_whatever_case() -> None:
    waves = ["Rest", "rest", "Canary"]
    assert [among(name, waves, "wave", "--wave") for name in ("Rest", "rest", "canary")] == ["Rest", "rest", "Canary"]
    assert statuses_named(["missingfrag", "OPEN"], ["a status of tomorrow"]) == {"MissingFrag", "open"}


def test_fails_for_another_name_with_those_that_are_near() -> None:
    with pytest.raises(click.BadParameter, match="'canari' is no wave: did you mean canary"):
        among("canari", ["canary", "rest"], "wave", "--wave")
    with pytest.raises(click.BadParameter, match="'x' is no wave: there are canary, rest"):
        among("x", ["canary", "rest"], "wave", "--wave")
