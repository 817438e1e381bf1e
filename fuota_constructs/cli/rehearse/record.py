"""What was asked of a rehearsal, and how it ended: what terminal, page and JSON are made of."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fuota_constructs.cli import about
from fuota_constructs.cli.banner import Banner
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK, INTERRUPTED, NOT_MET, PASSED
from fuota_constructs.cli.level import Level
from fuota_constructs.cli.quantities import as_percentage
from fuota_constructs.cli.rehearse.rollouts import air_of
from fuota_constructs.cli.rollout.banner import level_of
from fuota_constructs.lorawan.regions import regions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fuota_constructs.cli.rehearse.stack_findings import StackFinding
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.local.fleet.loss import Loss
    from fuota_constructs.local.gate import Verdict
    from fuota_constructs.local.outcome import Outcome
    from fuota_constructs.operations.rollout_status import RolloutStatus


class End(StrEnum):
    """How a rehearsal ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REHEARSED = "not-rehearsed"
    INTERRUPTED = "interrupted"


EXIT_CODES = {
    End.PASSED: PASSED,
    End.FAILED: NOT_MET,
    End.NOT_REHEARSED: COULD_NOT_LOOK,
    End.INTERRUPTED: INTERRUPTED,
}


@dataclass(frozen=True)
class Request:
    """What was asked for. `fleet_file` is the file the fleet came from, `cdk_arguments` what the CDK CLI got."""

    fleet: Fleet
    require: float
    at: datetime
    folder: str
    fleet_file: str | None = None
    cdk_arguments: tuple[str, ...] = ()
    stub_imports: bool = True

    @property
    def command(self) -> str:
        """The command that does the same again."""
        words = ["fuota", "rehearse"]
        if self.fleet_file is not None:
            words += ["--fleet", self.fleet_file]
        else:
            [cohort] = self.fleet.cohorts
            words += ["--devices", str(cohort.count), "--loss", f"{as_percentage(cohort.loss.figures['mean'])}%"]
            words += ["--device-stack", cohort.stack.text] if cohort.stack else []
            words += ["--firmware", cohort.firmware[0].file] if cohort.firmware else []
            words += ["--seed", str(self.fleet.seed)]
        words += ["--require", f"{as_percentage(self.require)}%"]
        words += [] if self.stub_imports else ["--no-stub-imports"]
        return shlex.join([*words, *(["--", *self.cdk_arguments] if self.cdk_arguments else [])])


@dataclass(frozen=True)
class Record:
    """A rehearsal that is over: `line` is its last, `reached` how far it came where it was interrupted."""

    request: Request
    end: End
    line: str
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    stand_ins: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    findings: tuple[StackFinding, ...] = ()
    rollouts: tuple[RolloutStatus, ...] = ()

    @property
    def level(self) -> Level:
        """How good it is; a warning is what nothing was required of, and airtime that may not be had."""
        if self.end is not End.PASSED:
            return Level.FAILED
        short_of_air = any(map(air_of, self.rollouts))
        if self.outcome is None:
            levels = {level_of(status) for status in self.rollouts}
            return Level.PASSED if levels == {Level.PASSED} and not short_of_air else Level.WARNING
        short_of_air = short_of_air or any(task.air for task in self.outcome.tasks)
        return Level.WARNING if self._only_looked or short_of_air else Level.PASSED

    @property
    def _only_looked(self) -> bool:
        outcome = self.outcome
        return outcome is not None and not self.request.require and outcome.succeeded < len(outcome.devices)

    @property
    def banner(self) -> Banner:
        """What terminal and page open with: the last line of the command without its first word, and why."""
        causes, remedies = (self.verdict.causes, self.verdict.remedies) if self.verdict else (self.reached, ())
        summary = self.line.partition(" ")[2]
        if self._only_looked:
            summary = f"nothing was required, {summary}"
        return Banner(self.level, summary, causes, remedies)

    @property
    def about(self) -> list[str]:
        """What it was about, in a few words each; of several tasks, each says so for itself."""
        words: list[str] = []
        for task in self.outcome.tasks if self.outcome and len(self.outcome.tasks) == 1 else ():
            given = task.parameters
            facts = regions().get(given.rf_region or "")
            rate = facts.data_rate(given.data_rate) if facts and given.data_rate is not None else None
            size, every = given.fragment_size_bytes, given.fragment_interval_ms
            words += [
                f"{given.rf_region or 'no RfRegion'}{f' {rate}' if rate else ''}",
                *about.parameters(size, every, given.redundancy_percent),
                about.image(task.image.uri.rpartition("/")[2], task.image.size_bytes, task.image.sha256),
            ]
        words += [f"stack{'' if len(self.stacks) == 1 else 's'} {', '.join(self.stacks)}"] if self.stacks else []
        return [*words, *about.made(self.request.at)]

    @property
    def exit_code(self) -> int:
        """The exit code that says it."""
        return EXIT_CODES[self.end]


def versions() -> dict[str, str]:
    """What a rehearsal was made with."""
    from fuota_constructs.local import cdk_cli

    found = {"fuota-constructs": _version("fuota-constructs"), "CDK CLI": cdk_cli.version()}
    found |= {name: _version(name) for name in ("aws-cdk-lib", "ministack")}
    return {name: version for name, version in found.items() if version} | {"Python": platform.python_version()}


def loss_words(losses: Sequence[Loss]) -> str:
    """How devices lose fragments, each model once."""
    return "; ".join(dict.fromkeys(map(_loss_words, losses)))


def _loss_words(loss: Loss) -> str:
    if loss.kind == "iid":
        return f"{as_percentage(loss.figures['mean'])} % of the fragments, each alone"
    if loss.kind == "by-data-rate":
        rates = ", ".join(f"DR{rate} {as_percentage(share)} %" for rate, share in loss.data_rates.items())
        return f"by data rate ({rates})"
    if loss.kind == "listed":
        return f"{len(loss.lost)} fragments that are listed"
    return f"{loss.kind} ({', '.join(f'{name} {value:g}' for name, value in loss.figures.items())})"


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
