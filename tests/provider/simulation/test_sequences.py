"""Sequences of deployments under everything that AWS may do; `make soak` lives 10,000 of them."""

from __future__ import annotations

import pytest

from simulation import monitor_life
from simulation.checks import IMPOSSIBLE
from simulation.world import run

SEQUENCES = range(200)


@pytest.mark.parametrize("first", SEQUENCES[::20])
def test_no_sequence_loses_leaves_or_ends_anything(first: int) -> None:
    violations = {}
    for seed in range(first, first + 20):
        if broken := [each for each in run(seed).violations if each.kind not in IMPOSSIBLE]:
            violations[seed] = broken
    assert violations == {}, "python tests/provider/simulation/soak.py SEED shows what happened"


@pytest.mark.parametrize("first", range(0, 100, 50))
def test_no_monitor_loses_a_change_or_polls_for_ever(first: int) -> None:
    lives = [monitor_life.run(seed) for seed in range(first, first + 50)]
    assert {life.seed: life.violations for life in lives if life.violations} == {}


def test_fails_for_a_monitor_that_does_not_look_whose_rule_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor_calls._names", lambda *_: True)
    lives = (monitor_life.run(seed) for seed in range(1000))
    kinds = (violation.kind for life in lives for violation in life.violations)
    assert "monitor: polls of another task stopped" in kinds


def test_a_seed_gives_the_same_sequence_every_time() -> None:
    assert run(17).notes == run(17).notes


def _nothing(*_: object, **__: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("broken", "notices"),
    [
        ("charge.Charge._is_not_older", {"differs after a rollback", "differs"}),
        ("leftovers.sweep", {"leak of a cancelled Create", "stack cannot be deleted"}),
        ("replacement.forget", {"leak of a cancelled Update"}),
        ("kept_session.keep", {"session killed"}),
        ("task_service.associate", {"differs"}),
        ("task_service.delete_and_wait", {"stack cannot be deleted"}),
    ],
)
def test_fails_for_a_handler_that_does_not_care(
    broken: str, notices: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken, _nothing)
    # From 64 on each of them shows soon; at another seed some take a hundred sequences.
    assert any({violation.kind for violation in run(seed).violations} & notices for seed in range(64, 300))
