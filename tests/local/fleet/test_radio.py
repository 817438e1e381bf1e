"""The models of loss lose what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fuota_constructs.local.fleet.loss import loss_of
from fuota_constructs.local.fleet.radio import arrivals, needed_db, sent
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C, Conditions, plan_session

EU868 = region("EU868")
assert EU868 is not None


def lost(document: Any, *, devices: int = 300, fragments: int = 1000, data_rate: int = 0) -> Any:
    """Which fragments each device loses."""
    assert EU868 is not None
    rate = EU868.data_rate(data_rate)
    model = loss_of(document, "loss")
    return np.stack([~arrivals(model, np.random.default_rng([5, n]), fragments, EU868, rate) for n in range(devices)])


def mean_burst(losses: Any) -> float:
    """The mean length of runs of losses."""
    begins = losses[:, 1:] & ~losses[:, :-1]
    return float(losses.sum() / (begins.sum() + losses[:, 0].sum()))


@pytest.mark.parametrize("share", [0, 0.05, 0.3, 1])
def test_each_fragment_alone(share: float) -> None:
    assert abs(lost(share).mean() - share) < 0.005


def test_losses_alone_come_in_short_runs() -> None:
    assert abs(mean_burst(lost(0.1)) - 1 / 0.9) < 0.02


@pytest.mark.parametrize(("mean", "burst"), [(0.1, 4), (0.3, 10), (0.05, 1.5), (0, 4)])
def test_bursts_have_their_mean_length(mean: float, burst: float) -> None:
    losses = lost({"kind": "gilbert", "mean": mean, "burst": burst})
    assert abs(losses.mean() - mean) < 0.01
    if mean:
        assert abs(mean_burst(losses) / burst - 1) < 0.05


def test_devices_have_shares_of_their_own() -> None:
    shares = lost({"kind": "beta", "mean": 0.2, "spread": 0.1}).mean(axis=1)
    assert abs(shares.mean() - 0.2) < 0.02
    assert abs(shares.std() - 0.1) < 0.02
    assert lost(0.2).mean(axis=1).std() < 0.02


def test_faster_data_rates_lose_more_at_the_same_margin() -> None:
    model = {"kind": "link", "margin_db": 8, "spread_db": 3, "fading_db": 3}
    shares = [lost(model, data_rate=rate, devices=200).mean() for rate in range(6)]
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[5] > 0.5


def test_a_spreading_factor_is_two_and_a_half_decibels() -> None:
    assert EU868 is not None
    needed = [needed_db(rate) for rate in EU868.data_rates]
    assert needed[:6] == [0, 2.5, 5, 7.5, 10, 12.5]
    assert needed[6] == pytest.approx(12.5 + 3.01, abs=0.01)  # SF7 in twice the bandwidth
    assert needed[7] > needed[6]


@pytest.mark.parametrize(("data_rate", "share"), [(0, 0.1), (2, 0.3), (3, 0.3), (5, 0.3)])
def test_a_table_of_data_rates(data_rate: int, share: float) -> None:
    model = {"kind": "by-data-rate", "data_rates": {"0": "10%", "3": 0.3}}
    assert abs(lost(model, data_rate=data_rate).mean() - share) < 0.01


@pytest.mark.parametrize("dl_class", [CLASS_B, CLASS_C])
@pytest.mark.parametrize(("frequency", "period"), [(None, 32), (None, 128), (None, 1024), (868_100_000, 128)])
def test_what_is_sent_is_what_a_plan_counts_as_sent(dl_class: str, frequency: int | None, period: int) -> None:
    assert EU868 is not None
    conditions = Conditions(EU868, dl_class=dl_class, frequency_hz=frequency, ping_slot_period=period, loss=0)
    rate = EU868.data_rates[3]
    for interval in (1, 2, 3, 4, 5, 6, 7, 13, 14):
        plan = plan_session(50_000, conditions, data_rate=rate, fragment_bytes=112, interval_seconds=interval)
        slot = None if plan.ping_slot_seconds is None else int(plan.ping_slot_seconds)
        found = sent(plan.fragments, interval, slot, plan.one_sent_of)
        assert int(found.sum()) == plan.sent_fragments
        assert found[0]
