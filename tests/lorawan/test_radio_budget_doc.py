"""The tables of docs/explanation/radio-budget.md are what the code computes; run this file to write them anew."""

import re
from pathlib import Path

import pytest

from fuota_constructs.lorawan.durations import hours
from fuota_constructs.lorawan.recommendation import options
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent
from fuota_constructs.lorawan.regions import region, regions
from fuota_constructs.lorawan.session_plan import CLASS_B, Conditions, plan_session

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "radio-budget.md"
MARKED = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _percent(share):
    # never 100 % while something may fail
    return "100 %" if share == 1 else f"{min(share * 100, 99.99):.4g} %"


def _data_rates():
    return _table(
        ["region, data rate", "payload N", "largest fragment", "through a repeater", "on the air"],
        [
            [
                f"{name} {rate}",
                f"{rate.max_payload_bytes} B",
                f"{rate.max_fragment_bytes} B",
                f"{rate.max_fragment_bytes_repeater} B",
                f"{rate.fragment_airtime_us(rate.max_fragment_bytes) / 1000:.1f} ms",
            ]
            for name in ("EU868", "US915")
            for rate in region(name).data_rates
        ],
    )


def _regions():
    rows = []
    for name, facts in regions().items():
        band = facts.duty_cycle_band(facts.class_c_frequency_hz)
        conditions = Conditions(facts)
        limit = conditions.transmission_limit_seconds
        dwell = Conditions(facts, dwell_time=True).transmission_limit_seconds
        rows.append(
            [
                name,
                f"DR{facts.data_rates[0].index} to DR{facts.data_rates[-1].index}",
                f"{facts.class_c_frequency_hz / 1e6:g} MHz, DR{facts.class_c_data_rate}"
                if facts.class_c_frequency_hz
                else f"by channel plan, DR{facts.class_c_data_rate}",
                f"{100 * band.share:g} %{'' if band.certain else ' (depends on the country)'}" if band else "none",
                f"{limit:g} s" if limit else f"{dwell:g} s with dwell time" if dwell else "none",
            ]
        )
    return _table(["RfRegion", "downlink data rates", "class C by default", "duty cycle there", "one downlink"], rows)


SESSIONS = [
    *[("EU868", 0, 48), ("EU868", 1, 48), ("EU868", 2, 48), ("EU868", 3, 112), ("EU868", 4, 219), ("EU868", 5, 219)],
    *[("US915", 8, 30), ("US915", 9, 106), ("US915", 10, 219), ("US915", 13, 219)],
]


def _sessions():
    rows = []
    for name, index, size in SESSIONS:
        facts = region(name)
        rate = facts.data_rate(index)
        plan = plan_session(100_000, Conditions(facts), data_rate=rate, fragment_bytes=size, redundancy_percent=20)
        rows.append(
            [
                f"{name} {rate}",
                f"{size} B",
                plan.fragments,
                f"{plan.fragment_airtime_seconds:.3f} s",
                f"{plan.interval_seconds} s",
                hours(plan.duration_seconds),
                f"{plan.receive_milliampere_hours:.1f} mAh",
            ]
        )
    return _table(["data rate", "fragment", "fragments", "on the air", "interval", "session", "a class C device"], rows)


def _probabilities():
    return _table(
        ["fragments of data", "redundancy", "5 % loss", "10 % loss", "20 % loss"],
        [
            [
                m,
                f"{percent} %",
                *(_percent(decode_probability(m, m * percent // 100, loss)) for loss in (0.05, 0.1, 0.2)),
            ]
            for m in (20, 100, 1000)
            for percent in (10, 20, 30, 40)
        ],
    )


def _smallest():
    def percent(m, loss):
        found = smallest_redundancy_percent(m, loss, 0.999)
        return f"{found} %" if found is not None else "none"

    losses = (0.02, 0.05, 0.1, 0.2, 0.3)
    return _table(
        ["fragments of data", *(f"{loss:.0%} loss".replace("%", " %") for loss in losses)],
        [[m, *(percent(m, loss) for loss in losses)] for m in (1, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)],
    )


def _versions():
    return _table(
        ["fragments of data", "coded", "TS004-1.0.0", "TS004-2.0.0"],
        [
            [m, coded, *(_percent(decode_probability(m, coded, 0.1, version=version)) for version in (1, 2))]
            for m, coded in [(10, 4), (20, 6), (50, 15), (100, 20), (1000, 130)]
        ],
    )


def _twins():
    return _table(
        ["fragments of data", "redundancy 20 %", "50 %", "100 %"],
        [
            [m, *(_percent(decode_probability(m, m * percent // 100, 0.1)) for percent in (20, 50, 100))]
            for m in (959, 960, 961)
        ],
    )


def _recommended():
    rows = []
    for name, arguments, label in [
        ("EU868", {}, "EU868"),
        ("EU868", {"dl_class": CLASS_B}, "EU868, class B"),
        ("US915", {}, "US915"),
        ("AS923-1", {"dwell_time": True}, "AS923-1 with dwell time"),
        ("CN470", {}, "CN470"),
    ]:
        for option in options(100_000, Conditions(region(name), **arguments)):
            plan = option.plan
            rows.append(
                [
                    f"{label}, {option.data_rate}",
                    *(
                        (
                            f"{plan.fragment_bytes} B",
                            f"{plan.redundancy_percent} %",
                            f"{plan.interval_seconds} s",
                            hours(plan.duration_seconds),
                        )
                        if plan
                        else ("", "", "", "")
                    ),
                    option.obstacle or "fits",
                ]
            )
    return _table(["100,000 bytes, 10 % loss", "fragment", "redundancy", "interval", "session", ""], rows)


TABLES = {
    "data-rates": _data_rates,
    "regions": _regions,
    "sessions": _sessions,
    "probabilities": _probabilities,
    "smallest": _smallest,
    "versions": _versions,
    "twins": _twins,
    "recommended": _recommended,
}


def _rewritten(page):
    return MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found['name']]()}\n{found[3]}", page)


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_page_has_every_table(page):
    assert [found["name"] for found in MARKED.finditer(page)] == list(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_table_is_what_the_code_computes(page, name):
    (written,) = [found[0] for found in MARKED.finditer(page) if found["name"] == name]
    assert written == _rewritten(written), f"run python {Path(__file__).name} to write the tables anew"


def test_figures_in_the_text(page):
    text = " ".join(page.split())
    europe = region("EU868")
    plan = plan_session(
        100_000, Conditions(europe), data_rate=europe.data_rate(3), fragment_bytes=112, redundancy_percent=20
    )
    assert f"{plan.data_fragments} data fragments, {plan.coded_fragments} coded ones" in text
    assert f"{plan.fragment_airtime_seconds * 1000:.0f} ms on the air" in text
    assert f"{plan.receive_milliampere_hours:.1f} mAh" in text


if __name__ == "__main__":
    PAGE.write_text(_rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
