"""The page of `fuota rollout report --html`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fuota_constructs.cli import page
from fuota_constructs.cli.figures import Figure, duration, percent
from fuota_constructs.cli.rollout.banner import about_rollout, banner_of, report_command, what_of
from fuota_constructs.cli.rollout.gate_picture import gates_figure
from fuota_constructs.cli.rollout.status_view import cells, next_line, not_sent, shown_cells, word_line
from fuota_constructs.cli.status_bars import kinds_of, share_of, status_figure
from fuota_constructs.operations.device_status import status_named
from fuota_constructs.operations.rollout_waves import PASSED
from fuota_constructs.operations.start import show as moment

if TYPE_CHECKING:
    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollout_waves import WaveStatus

HEADINGS = (
    *("wave", "outcome", "devices", "attempted", "delivered", "applied", "failed", "silent"),
    *("proven", "sessions", "redundancy"),
)


def page_of(status: RolloutStatus, found: FoundRollout, *, again: str) -> str:
    """The whole page, as HTML."""
    title = f"Rollout {status.rollout.name}"
    banner = banner_of(status, found)
    commands = tuple(each for each in banner.commands if each != report_command(found))  # who reads this has it
    ended = f", it ended {moment(status.ended_at)}" if status.ended_at else ""
    lead = f"As of {moment(status.now)} ({found.place}); started {moment(status.started_at)}{ended}."
    parts = [
        page.opening(title, lead, about_rollout(status), replace(banner, commands=commands)),
        page.tiles(tiles_of(status)),
        waves_section(status),
        page.listed("next", "What happens next", [next_line(status)]) if not status.is_final else "",
        funnel(status),
        gates_figure(status),
        gates_section(status),
        page.inputs("terms", "What was asked for", _terms(status)),
        page.again(again),
    ]
    return page.document(title, filter(None, parts))


def tiles_of(status: RolloutStatus) -> list[Figure]:
    """How the whole fleet fares."""
    waves = status.waves
    targets = sum(wave.targets or 0 for wave in waves)
    delivered, failed, silent = (
        sum(getattr(wave, name) for wave in waves) for name in ("delivered", "failed", "silent")
    )
    accepted = int((status.settings.get("gate") or {}).get("mostSilent", 0))
    never = sum(wave.targets or 0 for wave in waves if not wave.attempts)
    return [
        Figure("Delivered", share_of(delivered, targets), "reported, not installed"),
        *_applied(status, targets),
        Figure("Failed", share_of(failed, targets), "lost to the radio, or refused by the device" if failed else ""),
        Figure("Silent", share_of(silent, targets), f"have the image and are not heard; {accepted:,} accepted"),
        Figure("Not sent to", share_of(never, targets), "no airtime, no battery spent" if never else ""),
    ]


def _applied(status: RolloutStatus, targets: int) -> list[Figure]:
    asked = status.settings.get("applied")
    if not asked:
        return []
    waves = status.waves
    applied, already, other, unreported = (
        sum(getattr(wave, name) or 0 for wave in waves)
        for name in ("applied", "already", "other_version", "unreported")
    )
    apart = {"had it before": already, "report another version": other, "report none": unreported}
    said = ", ".join(f"{count:,} {what}" for what, count in apart.items() if count)
    return [Figure(f"Report {asked['version']}", share_of(applied, targets), said)]


def waves_section(status: RolloutStatus, number: int = 0) -> str:
    """The waves as a table; `number` tells apart those of several rollouts."""
    rows = [(row[0], row[1:], False) for row in (shown_cells(cells(wave), status) for wave in status.waves)]
    heading = f"Waves of {page.text(status.rollout.name)}" if number else "Waves"
    table = page.table(shown_cells(HEADINGS, status), rows, kind="waves")
    return f'<section id="{_apart("waves", number)}"><h2>{heading}</h2>{table}</section>'


def _apart(identity: str, number: int) -> str:
    return f"{identity}-{number}" if number else identity


def funnel(status: RolloutStatus) -> str:
    """The devices of all waves so far by their status."""
    counts: dict[str, int] = {}
    for wave in status.waves:
        for name, number in wave.devices_by_status.items():
            counts[name] = counts.get(name, 0) + number
    if not counts:
        return ""
    total = sum(counts.values())
    rows = [
        (name, [share_of(number, total), status_named(name).meaning, status_named(name).remedy], False)
        for name, number in counts.items()
    ]
    table = page.table(["status", "devices", "what it means", "what to do"], rows)
    caption = f"{total:,} devices of the waves so far, each as its latest session left it."
    return status_figure(kinds_of(dict(sorted(counts.items()))), caption, table)


def gates_section(status: RolloutStatus, number: int = 0) -> str:
    """What each gate was told and said, in words, and what was answered."""
    lines = [line for wave in status.waves for line in _gates(wave)]
    return page.listed(_apart("gates", number), "What the gates said", lines)


def _gates(wave: WaveStatus) -> list[str]:
    lines = []
    for gate in wave.gates:
        session = f"{wave.name}, session {int(gate['attempt']) + 1} at {gate.get('redundancyPercent')} % redundancy"
        found = {PASSED: "passes", "ABORTED": "aborts"}.get(str(gate.get("outcome")), "is inconclusive")
        pending = int(gate.get("pending") or 0)
        more = f"; {pending:,} devices are worth another session" if pending else ""
        lines.append(f"{session}: {found}, {gate.get('reason')}{more}{_instead(gate)}")
        lines += [
            f"{wave.name}: {word_line(said)}" for said in wave.decisions if said.get("attempt") == gate.get("attempt")
        ]
    lines += [f"{wave.name}: {line}" for line in not_sent(wave)]
    if not wave.gates:
        lines += [f"{wave.name}: {wave.reason}"] if wave.reason else []
        lines += [f"{wave.name}: {word_line(said)}" for said in wave.decisions]
    sent = [gate.get("redundancyPercent") for gate in wave.gates]
    if sent and sent[0] != sent[-1]:
        lines.append(
            f"{wave.name}: what the first sessions lost taught that they needed {sent[-1]} % redundancy instead of"
            f" {sent[0]} %, so that is what devices that were tried again were sent"
        )
    return lines


def _instead(gate: dict[str, Any]) -> str:
    """The versions that devices report instead of the one asked for."""
    versions = ", ".join(f"{version} ({count:,})" for version, count in (gate.get("versions") or {}).items())
    return f"; other versions that are reported: {versions}" if versions else ""


def _terms(status: RolloutStatus) -> list[Figure]:
    settings, gate = status.settings, status.settings.get("gate") or {}
    window = settings.get("window")
    figures = [
        Figure("success", percent(float(gate.get("success", 0))), f"of the devices {what_of(status)}"),
        Figure("confidence", percent(float(gate.get("confidence", 0))), "over all waves together"),
        Figure("silent", f"{int(gate.get('mostSilent', 0)):,}", f"after {duration(gate.get('silentAfterSeconds', 0))}"),
        Figure("retries", str(settings.get("retries", 0)), f"with at most {settings.get('mostRedundancyPercent')} %"),
        Figure(
            "planned loss",
            percent(float((settings.get("session") or {}).get("plannedLoss", 0))),
            "of fragments, sent or not",
        ),
    ]
    if asked := settings.get("applied"):
        figures.append(Figure("applied", str(asked["version"]), f"reported within {duration(asked['withinSeconds'])}"))
    if window:
        start = int(window["startSecond"])
        opens = f"{start // 3600:02}:{start % 3600 // 60:02} {window.get('timeZone', '')}".rstrip()
        figures.append(Figure("maintenance window", opens, f"for {duration(window['durationSeconds'])}"))
    return figures
