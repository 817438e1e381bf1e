"""Lives of rollouts under everything that AWS, operators and deployments may do; `make soak` lives 1,000 of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rollout_simulation.life import run
from rollout_simulation.soak import IMPOSSIBLE
from rollout_simulation.weather import Weather

LIVES = range(8)
MOST_LIVES = 10


@pytest.mark.parametrize("first", LIVES[::4])
def test_no_life_leaks_repeats_or_decides_otherwise(first: int) -> None:
    lives = {seed: run(seed).violations for seed in range(first, first + 4)}
    broken = {seed: [each for each in found if each.kind not in IMPOSSIBLE] for seed, found in lives.items()}
    assert not any(broken.values()), f"tests/rollout/rollout_simulation/soak.py SEED shows what happened: {broken}"


def test_a_seed_gives_the_same_life_every_time() -> None:
    assert run(3).notes == run(3).notes


def _begins_anew(_turn: object, _calls: object, word: Any) -> dict[str, Any]:
    word.take_wave()
    return {"next": "done", "resumed": ""}


def _does_nothing(*_: object, **__: object) -> dict[str, Any]:
    return {"next": "done"}


def _bakes_once(turn: Any, _record: object) -> float:
    return 0.0 if turn.attempt else float(turn.wave_settings["bakeSeconds"])


STORMY, STOPPED = Weather(storm=1.0), Weather(stops=8, spared_children=0.5)


@pytest.mark.parametrize(
    ("seed", "broken", "instead", "weather", "notices"),
    [
        (1, "wave_turn.Turn.token", lambda *_: f"{random.getrandbits(64)}", STORMY, {"leak", "wave twice"}),
        (0, "rollout_step.STEPS.clean", _does_nothing, Weather(), {"leak"}),
        (0, "rollout_step.STEPS.resume", _begins_anew, STOPPED, {"failed for nothing", "outcome differs"}),
        (8, "operator_word.OperatorWord.claim", lambda *_, **__: True, Weather(storm=2.0, words=12, stops=3), {"leak"}),
        (4, "operator_word.OperatorWord.is_abort", False, Weather(words=12), {"abort does not win"}),
        (5, "operator_word.OperatorWord.ends_sessions", True, Weather(words=12), {"session killed"}),
        (1, "operator_word.OperatorWord.former", None, Weather(denials=2, stops=3), {"leak"}),
        (0, "fuota_rollout._take_away", _does_nothing, Weather(destroyed=True), {"leak"}),
        (1, "fuota_rollout._under_way", lambda *_: "", Weather(deployments=3), {"changed under way"}),
    ],
)
def test_fails_for_a_rollout_that_does_not_care(  # noqa: PLR0917  # one argument a column
    seed: int, broken: str, instead: Any, weather: Weather, notices: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken.startswith("rollout_step.STEPS."):
        import rollout_step

        monkeypatch.setitem(rollout_step.STEPS, broken.rpartition(".")[2], instead)
    else:
        monkeypatch.setattr(broken, instead)
    # It shows in the first life; where the simulation has changed since, in another one.
    assert any({each.kind for each in run(life, weather).violations} & notices for life in (seed, *range(MOST_LIVES)))


def test_who_got_the_image_only_when_tried_again_is_watched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rollout_simulation.fleet.FLEETS", (("near", "near", "near", "far brick"),))
    monkeypatch.setattr("settle._bake_seconds", _bakes_once)
    unseen = next(seed for seed in range(MOST_LIVES) if {each.kind for each in run(seed, Weather()).violations})
    assert [each.kind for each in run(unseen, Weather()).violations] == ["brick not seen"]
    monkeypatch.undo()
    monkeypatch.setattr("rollout_simulation.fleet.FLEETS", (("near", "near", "near", "far brick"),))
    assert run(unseen, Weather()).violations == []
