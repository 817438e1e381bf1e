"""The session plan: the tables of the fact sheet, energy and class B by hand, limits."""

import json

import pytest

from fuota_constructs.lorawan.fragments import groups_of_a_gateway
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C, Conditions, plan_session
from fuota_constructs.lorawan.unsent_fragments import (
    doubt_of_airtime,
    interval_of_groups,
    rule_of_unsent,
    slower,
    why_unsent,
    worst_of,
)


def _conditions(name="EU868", **arguments):
    return Conditions(region(name), **arguments)


def _plan(name="EU868", rate=3, size=112, image=100_000, **arguments):
    fixed = {key: arguments.pop(key) for key in ("interval_seconds", "redundancy_percent") if key in arguments}
    conditions = _conditions(name, **arguments)
    return plan_session(image, conditions, data_rate=conditions.region.data_rate(rate), fragment_bytes=size, **fixed)


@pytest.mark.parametrize(
    ("name", "rate", "size", "airtime", "interval", "fragments", "hours"),
    [
        ("EU868", 0, 48, 2.793, 28, 2293, 17.8),
        ("EU868", 1, 48, 1.479, 15, 2293, 9.55),
        ("EU868", 2, 48, 0.698, 7, 2293, 4.46),
        ("EU868", 3, 112, 0.677, 7, 983, 1.91),
        ("EU868", 4, 219, 0.646, 7, 503, 0.98),
        ("EU868", 5, 219, 0.369, 4, 503, 0.56),
        ("US915", 8, 30, 0.494, 1, 3668, 1.02),
        ("US915", 9, 106, 0.534, 1, 1039, 0.29),
        ("US915", 10, 219, 0.523, 1, 503, 0.14),
        ("US915", 13, 219, 0.092, 1, 503, 0.14),
    ],
)
def test_session_length_of_100_kb(name, rate, size, airtime, interval, fragments, hours):  # noqa: PLR0917  # one argument a column
    plan = _plan(name, rate, size, redundancy_percent=10)
    assert plan.fragment_airtime_seconds == pytest.approx(airtime, abs=0.0006)
    assert plan.interval_seconds == plan.smallest_interval_seconds == interval
    assert plan.fragments == fragments
    assert plan.duration_seconds == fragments * interval
    assert plan.duration_seconds / 3600 == pytest.approx(hours, abs=0.06 if hours > 10 else 0.006)


def test_every_figure_of_one_plan_by_hand():
    plan = _plan(redundancy_percent=20, interval_seconds=10, gateways=3, gateway_spacing_seconds=2.0, loss=0.1)
    assert plan.data_fragments == 893  # ceil(100000 / 112)
    assert plan.coded_fragments == 179  # ceil(893 * 20 %)
    assert plan.padding_bytes == 893 * 112 - 100_000 == 16
    assert plan.fragment_airtime_seconds == 0.676864  # facts sheet, section 4
    assert plan.total_airtime_seconds == pytest.approx(1072 * 0.676864)
    assert plan.duty_cycle_used == pytest.approx(0.0676864)
    assert plan.duty_cycle_limit == 0.1
    assert plan.smallest_interval_seconds == 7  # air / 10 %, more than 2 x 2 s + air
    assert plan.duration_seconds == 10_720
    assert plan.service_window_seconds == 64_800
    assert plan.device_window_seconds == 32_768
    assert plan.receive_seconds == 10_720
    assert plan.receive_milliampere_hours == pytest.approx(10_720 * 5.5 / 3600)
    assert plan.receive_joules == pytest.approx(10_720 * 0.0055 * 3.3)
    assert plan.frequency_hz == 869_525_000
    assert 0.999 < plan.decode_probability <= 1
    figures = json.loads(json.dumps(plan.as_dict()))
    assert figures["fragments"] == 1072
    assert figures["data_rate_name"] == "DR3 (SF9/125 kHz)"


def test_class_b_listens_to_slots_and_beacons():
    plan = _plan(dl_class=CLASS_B, interval_seconds=8, ping_slot_period=128)
    slots = plan.duration_seconds / 4  # 32 from beacon to beacon
    expected = 893 * 0.676864 + (slots - 893) * 0.03 + plan.duration_seconds / 128 * 0.16
    assert plan.receive_seconds == pytest.approx(expected)
    assert plan.receive_seconds < plan.duration_seconds / 5
    assert plan.service_window_seconds == 172_800
    assert plan.device_window_seconds is None


def test_class_b_sends_no_faster_than_the_ping_slots():
    assert _plan("US915", 8, 30, dl_class=CLASS_B).smallest_interval_seconds == 4  # 32 ping slots in 128 s
    assert _plan("US915", 8, 30, dl_class=CLASS_B, ping_slot_period=4096).smallest_interval_seconds == 128
    assert _plan("US915", 8, 30, dl_class=CLASS_B, ping_slot_period=32).smallest_interval_seconds == 1


def test_fragments_that_find_their_ping_slot_taken_are_lost():
    half = _plan("US915", 8, 30, dl_class=CLASS_B, interval_seconds=2, ping_slot_period=128, redundancy_percent=25)
    assert (half.decode_probability, half.loss) == (0, 0.1)
    assert (half.slots_taken, half.missed_at(0.0), half.missed_at(0.1)) == (0.5, 0.5, pytest.approx(0.55))
    quick = _plan("US915", 8, 30, dl_class=CLASS_B, interval_seconds=2, ping_slot_period=64, redundancy_percent=25)
    assert quick.decode_probability > 0.999
    for free in (quick, _plan("US915", 8, 30, interval_seconds=1)):
        assert (free.slots_taken, free.missed_at(0.1)) == (0.0, 0.1)


@pytest.mark.parametrize(
    ("name", "rate", "size", "interval", "given", "sent"),
    [
        ("EU868", 3, 112, 7, {}, 893),  # 0.677 s at 10 %: silent for 6.77 s
        ("EU868", 3, 112, 6, {}, 447),
        ("EU868", 3, 112, 3, {}, 298),
        ("EU868", 3, 112, 7, {"frequency_hz": 868_100_000}, 90),  # 1 %: 67.7 s
        ("EU868", 3, 112, 68, {"frequency_hz": 868_100_000}, 893),
        ("EU868", 3, 112, 600, {"frequency_hz": 863_500_000}, 447),  # 0.1 %
        ("CN779", 3, 112, 60, {}, 447),
        ("RU864", 3, 112, 68, {}, 893),
        ("RU864", 3, 112, 68, {"dl_class": CLASS_B}, 447),  # an eighth of 1 % goes to beacons
        ("RU864", 3, 112, 78, {"dl_class": CLASS_B}, 893),
        ("EU433", 3, 112, 6, {}, 447),
        (
            "EU868",
            3,
            112,
            2,
            {"dl_class": CLASS_B},
            224,
        ),  # every other finds its ping slot taken, the gateway one of two
        ("AS923-1", 3, 112, 1, {}, 893),  # whether there is a duty cycle depends on the country
        ("US915", 8, 30, 1, {}, 3334),
        ("IN865", 0, 48, 1, {}, 695),  # 2.8 s on the air: a gateway sends one of three
    ],
)
def test_what_comes_while_a_gateway_is_silent_is_not_sent(name, rate, size, interval, given, sent):  # noqa: PLR0917  # one argument a column
    plan = _plan(name, rate, size, interval_seconds=interval, redundancy_percent=0, **given)
    assert plan.sent_fragments == sent
    assert plan.unsent == pytest.approx(1 - sent / plan.fragments, abs=0.005)
    assert plan.missed_at(0.1) == pytest.approx(1 - 0.9 * (1 - plan.unsent))
    assert bool(plan.unsent) is bool(why_unsent(plan))
    lawful = _plan(name, rate, size, interval_seconds=plan.smallest_interval_seconds, redundancy_percent=0, **given)
    assert (lawful.unsent, lawful.sent_fragments, why_unsent(lawful)) == (0.0, plan.fragments, "")


@pytest.mark.parametrize("redundancy", [0, 100])
@pytest.mark.parametrize("interval", [1, 6])
@pytest.mark.parametrize("dl_class", [CLASS_B, CLASS_C])
def test_a_single_fragment_is_sent_whatever_the_interval(redundancy, interval, dl_class):
    plan = _plan(image=100, loss=0.1, interval_seconds=interval, redundancy_percent=redundancy, dl_class=dl_class)
    assert (plan.unsent, why_unsent(plan)) == (0.0, "")
    assert plan.decode_probability == pytest.approx(0.9)  # coded fragments of a single one are empty


def test_a_session_of_two_fragments_has_one_interval():
    plan = _plan(image=200, loss=0.1, interval_seconds=6)
    assert (plan.data_fragments, plan.sent_fragments) == (2, 1)
    assert "takes 1 of 2 fragments" in why_unsent(plan)


def test_a_longer_interval_is_no_remedy_where_the_session_then_ends_early():
    assert slower(_plan(interval_seconds=6)) == "a fragment_interval of 7 s or more"
    assert slower(_plan(interval_seconds=7), 2) == "a fragment_interval of 14 s or more"
    assert "every 41 s, when all are sent, the session takes 10.2 h" in slower(_plan(interval_seconds=7), 6)
    assert slower(_plan(rate=0, size=48, interval_seconds=14)) == (
        "larger fragments at a faster data rate: every 28 s, when all are sent, the session takes 16.2 h, and a class C"
        " device (TS005-1.0.0) ends it after 9.1 h"
    )


def test_the_worst_session_needs_the_longest_interval_of_those_not_sent_whole():
    whole, short, shorter = (_plan(rate=rate, interval_seconds=seconds) for rate, seconds in ((3, 7), (4, 3), (3, 6)))
    assert worst_of([]) is None
    assert worst_of([whole, _plan(rate=4, interval_seconds=7)]) is whole
    assert worst_of([whole, short, shorter]) is shorter


def test_a_duty_cycle_that_depends_on_the_country_is_a_doubt():
    plan = _plan("AS923-1", 3, 112, interval_seconds=7)
    assert doubt_of_airtime(plan) == (
        "0.677 s on the air every 7 s are 9.67 % of the time, above the duty cycle of 1 %, if AS923-1 has one (it"
        " depends on the country)"
    )
    assert (
        doubt_of_airtime(_plan("AS923-1", 3, 112)) == doubt_of_airtime(_plan("US915", 8, 30, interval_seconds=1)) == ""
    )


def test_groups_that_a_gateway_may_have_to_serve_share_its_duty_cycle():
    assert groups_of_a_gateway([]) == 0
    assert groups_of_a_gateway([["a", "b"], ["c"]]) == 1
    assert groups_of_a_gateway([["a", "b"], ["b"], ["c"]]) == 2
    assert groups_of_a_gateway([["a"], [], []]) == 3
    plan = _plan(interval_seconds=7)
    assert (interval_of_groups(plan, 1), interval_of_groups(plan, 2)) == (7, 14)
    assert interval_of_groups(_plan("US915", 8, 30, interval_seconds=1), 9) == 1
    assert doubt_of_airtime(plan, 2).endswith(
        " every 7 s to each of 2 groups are 19.3 % of the time, above the duty cycle of 10 %, if the same gateways"
        " serve all groups at the same time"
    )
    assert doubt_of_airtime(_plan(interval_seconds=14), 2) == ""
    slots = _plan(rate=5, size=48, interval_seconds=3, dl_class=CLASS_B)  # every 4 s, and airtime for more
    assert (doubt_of_airtime(slots, 2), interval_of_groups(slots, 2)) == ("", 4)


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        ({"interval_seconds": 6}, "duty-cycle"),
        ({"interval_seconds": 2, "dl_class": CLASS_B, "ping_slot_period": 256}, "ping-slot-interval"),
        ({"name": "IN865", "rate": 0, "size": 48, "interval_seconds": 1}, "fragment-interval-airtime"),
    ],
)
def test_the_rule_that_warns_of_what_is_not_sent(plan, rule):
    assert rule_of_unsent(_plan(**plan)) == rule


def test_gateways_send_one_after_the_other():
    assert _plan("US915", 8, 30, gateways=20, gateway_spacing_seconds=1.0).smallest_interval_seconds == 20
    assert _plan("US915", 8, 30, gateways=1, gateway_spacing_seconds=60.0).smallest_interval_seconds == 1


@pytest.mark.parametrize(
    ("name", "dl_class", "frequency"),
    [
        ("EU868", CLASS_C, 869_525_000),
        ("IN865", CLASS_B, 866_550_000),
        ("KR920", CLASS_C, 921_900_000),
        ("KR920", CLASS_B, 923_100_000),
        ("AS923-2", CLASS_C, 921_400_000),
        ("US915", CLASS_B, 923_300_000),
        ("CN470", CLASS_C, None),
    ],
)
def test_frequency_of_the_session(name, dl_class, frequency):
    assert _conditions(name, dl_class=dl_class).downlink_frequency_hz == frequency
    assert _conditions(name, dl_class=dl_class, frequency_hz=868_100_000).downlink_frequency_hz == 868_100_000


@pytest.mark.parametrize(
    ("name", "frequency", "limit"),
    [
        ("EU868", None, 0.1),
        ("EU868", 868_100_000, 0.01),
        ("EU868", 868_800_000, 0.001),
        ("EU868", 868_650_000, 0.001),  # alarms only: the strictest
        ("EU433", None, 0.1),
        ("RU864", None, 0.01),
        ("CN779", None, 0.01),
        ("AS923-1", None, 0.01),
        ("US915", None, None),
        ("IN865", None, None),
        ("KR920", None, None),
        ("CN470", None, None),
    ],
)
def test_duty_cycle_limit(name, frequency, limit):
    assert _conditions(name, frequency_hz=frequency).duty_cycle_limit == limit


@pytest.mark.parametrize(
    ("name", "dwell", "limit"),
    [
        ("AS923-1", False, None),
        ("AS923-1", True, 0.4),
        ("CN470", False, 1.0),
        ("CN470", True, 1.0),
        ("KR920", False, 4.0),
        ("US915", True, None),
        ("EU868", True, None),
    ],
)
def test_transmission_limit(name, dwell, limit):
    assert _conditions(name, dwell_time=dwell).transmission_limit_seconds == limit


def test_every_largest_fragment_keeps_the_transmission_limit():
    for name, dwell in [("CN470", False), ("KR920", False), ("AS923-1", True), ("AS923-4", True)]:
        conditions = _conditions(name, dwell_time=dwell)
        for rate in conditions.region.data_rates:
            largest = conditions.max_fragment_bytes(rate)
            if largest > 0:
                assert rate.fragment_airtime_us(largest) / 1e6 <= conditions.transmission_limit_seconds, (name, rate)


def test_largest_fragments_under_the_dwell_time():
    conditions = _conditions("AS923-1", dwell_time=True)
    sizes = [conditions.max_fragment_bytes(rate) for rate in conditions.region.data_rates]
    assert sizes == [0, 0, 8, 50, 122, 239, 239, 239]
    repeater = [conditions.max_fragment_bytes(rate, repeater=True) for rate in conditions.region.data_rates]
    assert repeater == [0, 0, 8, 50, 122, 219, 219, 219]


@pytest.mark.parametrize(("image", "size", "message"), [(0, 48, "m is 0"), (1_048_576, 48, "m is 21846")])
def test_fails_for_images_no_session_carries(image, size, message):
    with pytest.raises(ValueError, match=message):
        _plan(image=image, size=size)


@pytest.mark.parametrize(
    ("dl_class", "seconds", "who"),
    [
        (CLASS_C, 2**15, None),
        (CLASS_C, 2**15 + 1, "a class C device (TS005-1.0.0) ends it after 9.1 h"),
        (CLASS_C, 64_801, "a class C device (TS005-1.0.0) ends it after 9.1 h"),
        (CLASS_B, 2**15 + 1, None),
        (CLASS_B, 172_800, None),
        (CLASS_B, 172_801, "the service ends it after 48.0 h"),
    ],
)
def test_nobody_succeeds_in_a_session_that_its_window_cuts_off(dl_class, seconds, who):
    plan = _plan(image=112, dl_class=dl_class, interval_seconds=seconds, loss=0.0)
    assert plan.duration_seconds == seconds
    if who is None:
        assert (plan.cut_off, plan.decode_probability) == (None, 1.0)
    else:
        assert plan.cut_off == f"the session takes {seconds / 3600:.1f} h, and {who}"
        assert plan.decode_probability == 0.0
        assert plan.as_dict()["cut_off"] == plan.cut_off
