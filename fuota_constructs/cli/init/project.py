"""A new project: the parameters that suit the answers, and the files that have them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import random
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from fuota_constructs.cli.plan.inputs import Inputs, Planned, as_planned
from fuota_constructs.cli.quantities import as_percentage
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.local import cdk_cli
from fuota_constructs.lorawan import recommendation
from fuota_constructs.lorawan.regions import regions
from fuota_constructs.lorawan.session_plan import CLASS_B, DEFAULT_LOSS, DEFAULT_TARGET, Conditions
from fuota_constructs.rules.image_file_rules import IMAGE_FILE_RULES

if TYPE_CHECKING:
    from fuota_constructs.cli.init.answers import Answers

TEMPLATES: Final = Path(__file__).parent / "templates"
STAND_IN: Final = "firmware/stand-in.bin"

FILES: Final = {
    "app.py": "app.py",
    "cdk.json": "cdk.json",
    "requirements.txt": "requirements.txt",
    "fleet.yaml": "fleet.yaml",
    "tests/test_rehearsal.py": "test_rehearsal.py",
    ".github/workflows/fuota.yml": "workflow.yml",
    ".gitignore": "gitignore",
    "README.md": "README.md",
}
"""What is written, and the template it is made from."""

FEW_DEVICES: Final = 200
TARGET_OF_FEW: Final = 0.99999
"""A fleet this small passes 99 % only if all, or all but one, of its devices have the image.

With the target of `fuota plan`, 99.9 % of the devices, up to one rehearsal in ten of such a fleet would then fail.
"""


_WITH_STACK: Final = (
    "  try a smaller (delta) image, less loss, or a build with more room: --device-stack NAME,max_fragments=1000"
)


class NothingFitsError(Exception):
    """No parameters bring the image to the devices; the message says what stands in the way."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be written."""

    answers: Answers
    planned: Planned
    recommended: recommendation.Recommendation

    @property
    def image(self) -> str:
        """Where the app finds its image, from the project's folder."""
        path = self.answers.firmware.path
        if path is None:
            return STAND_IN
        inside = os.path.relpath(path, self.answers.folder)
        return f"firmware/{path.name}" if inside.startswith("..") else Path(inside).as_posix()

    @property
    def copies_image(self) -> bool:
        """Whether the image comes from elsewhere."""
        path = self.answers.firmware.path
        return path is not None and os.path.relpath(path, self.answers.folder).startswith("..")

    @property
    def plan_command(self) -> str:
        """What works these parameters out again."""
        words = ["fuota", "plan", self.image, "--rf-region", self.answers.region_name]
        words += ["--class", self.answers.dl_class[-1], "--loss", f"{as_percentage(self.answers.loss)}%"]
        for stack in self.answers.stacks:
            words += ["--device-stack", stack.text]
        if self.recommended.target != DEFAULT_TARGET:
            words += ["--target", f"{as_percentage(self.recommended.target)}%"]
        if self.planned.inputs.conditions.dwell_time:
            words.append("--dwell-time")
        if self.planned.inputs.data_rate is not None:
            words += ["--data-rate", str(self.recommended.plan.data_rate)]
        return shlex.join((*words, "--recommend"))

    @property
    def data_rate_note(self) -> str:
        """At which data rate the session goes, and what to do for that."""
        plan = self.recommended.plan
        by_size = self.planned.inputs.conditions.region.slowest_data_rate(plan.fragment_bytes)
        if by_size is None or by_size.index == plan.data_rate:
            return f"fragments of {plan.fragment_bytes} bytes lead to DR{plan.data_rate}"
        return (
            f"set DlDr = {plan.data_rate} in the group's session:"
            f" fragments of {plan.fragment_bytes} bytes alone would go at DR{by_size.index}"
        )

    def files(self) -> dict[str, bytes]:
        """Contents by path in the folder."""
        values = self._values()
        contents = {
            path: Template((TEMPLATES / f"{template}.template").read_text("utf-8")).substitute(values).encode()
            for path, template in FILES.items()
        }
        source = self.answers.firmware.path
        if source is None:
            # The same for the same size, so that a second one is the same project.
            contents[self.image] = random.Random(0).randbytes(self.answers.firmware.size_bytes)  # noqa: S311  # no secret
        elif self.copies_image:
            contents[self.image] = source.read_bytes()
        return contents

    def _values(self) -> dict[str, str]:
        answers, plan = self.answers, self.recommended.plan
        loss = as_percentage(answers.loss)
        stack = answers.stacks[0].text if answers.stacks else ""
        inside = folder_in_repository(answers.folder)
        return {
            "name": answers.name,
            "image": json.dumps(self.image, ensure_ascii=False),
            "image_path": self.image,
            "region": answers.region_name.replace("-", "_"),
            "dl_class": "CLASS_B" if answers.dl_class == CLASS_B else "CLASS_C",
            "data_rate": str(plan.data_rate),
            "data_rate_text": plan.data_rate_text,
            "data_rate_note": self.data_rate_note[0].upper() + self.data_rate_note[1:],
            "redundancy_percent": str(plan.redundancy_percent),
            "fragment_bytes": str(plan.fragment_bytes),
            "interval_seconds": str(plan.interval_seconds),
            "planned_loss": "" if answers.loss == DEFAULT_LOSS else f"    planned_loss_percent={loss},\n",
            "device_stack": f"    device_stack={json.dumps(stack)},\n" if stack else "",
            "fleet_stack": f"    stack: {json.dumps(stack)}\n" if stack else "",
            "loss": f"{loss}%",
            "devices": str(answers.devices),
            "plan_command": self.plan_command,
            "why": "\n".join(f"- {reason}" for reason in self.recommended.why),
            "version": importlib.metadata.version("fuota-constructs"),
            "cdk_version": cdk_version(),
            "cdk_cli_version": cdk_cli.version(),
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "working_directory": f"\ndefaults:\n  run:\n    working-directory: {json.dumps(inside)}\n"
            if inside
            else "",
            "prefix": f"{inside}/" if inside else "",
        }


def project_of(answers: Answers) -> Project:
    """The project of some answers. Raises NothingFitsError."""
    region = regions()[answers.region_name]
    conditions = Conditions(
        region=region,
        dl_class=answers.dl_class,
        loss=answers.loss,
        # Whether a network sets DownlinkDwellTime is not known here: what keeps to it is right with and without.
        dwell_time=region.dwell_time_ms is not None,
        stacks=answers.stacks,
    )
    targets = (DEFAULT_TARGET,) if answers.devices >= FEW_DEVICES else (TARGET_OF_FEW, DEFAULT_TARGET)
    size = answers.firmware.size_bytes
    for target in targets:
        choices = recommendation.options(size, conditions, target=target)
        slowest = recommendation.recommend(choices, target=target)
        # The fragment size alone chooses the data rate where nobody sets one: best is the rate that it leads to.
        best = recommendation.recommend(choices, target=target, by_fragment_size=True) or slowest
        if best is not None and slowest is not None:
            rates = {rate.index: rate for rate in region.data_rates}
            named = rates[best.plan.data_rate] if best.plan.data_rate != slowest.plan.data_rate else None
            path = answers.firmware.path
            facts = read_image(path.read_bytes()) if path else None
            inputs = Inputs(str(path) if path else None, size, conditions, target, data_rate=named, image_facts=facts)
            planned = as_planned(inputs, best.plan)
            if errors := {rule: message for rule, level, message in planned.findings if level == "error"}:
                raise NothingFitsError(_why_not(errors))
            return Project(answers, planned, best)
    obstacles = "".join(f"\n  DR{option.data_rate.index}: {option.obstacle}" for option in choices)
    raise NothingFitsError(
        f"no data rate of {region.name} brings {size:,} bytes to class {answers.dl_class[-1]} devices that lose"
        f" {as_percentage(answers.loss)} % of the fragments:{obstacles}\n"
        + ("  try a smaller (delta) image, or less loss" if not answers.stacks else _WITH_STACK)
    )


def _why_not(errors: dict[str, str]) -> str:
    """The errors of a session by rule, and whether they are of its file or of its devices."""
    of_the_file = errors.keys() <= {rule.id for rule in IMAGE_FILE_RULES}
    said = "this file is not to be sent" if of_the_file else "no session suits these devices"
    return f"{said}:" + "".join(f"\n  {rule}: {message}" for rule, message in errors.items())


def cdk_version() -> str:
    """The release of the CDK to pin: the one that is installed, else the oldest that we work with."""
    try:
        return importlib.metadata.version("aws-cdk-lib")
    except importlib.metadata.PackageNotFoundError:
        listed = " ".join(importlib.metadata.requires("fuota-constructs") or ())
        [floor] = re.findall(r"aws-cdk-lib[^;]*>=([0-9.]+)", listed)[:1]
        return str(floor)


def folder_in_repository(folder: Path) -> str:
    """Where a folder is in its git repository, "" where it is the top or in none."""
    here = folder.absolute()
    for parent in here.parents:
        if (here / ".git").exists():
            break
        if (parent / ".git").exists():
            return here.relative_to(parent).as_posix()
    return ""
