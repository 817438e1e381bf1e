"""What `fuota init` says in the end: what there is now, what the update is like, and what to type next."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs.cli.init.project import folder_in_repository
from fuota_constructs.cli.plan.verdict import verdict_of
from fuota_constructs.lorawan.durations import hours
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.cli.init.project import Project


def lines(project: Project) -> Iterator[str]:
    """Line by line."""
    answers, plan = project.answers, project.recommended.plan
    where = visible(str(answers.folder.absolute()))
    yield f"made {where}:"
    for path in project.files():
        yield f"  {visible(path)}{_remark(project, path)}"
    yield ""
    yield (
        f"{answers.region_name} class {answers.dl_class[-1]}: {plan.fragments:,} fragments of"
        f" {plan.fragment_bytes} bytes at {plan.data_rate_text}, one every {plan.interval_seconds} s:"
        f" {hours(plan.duration_seconds)}"
    )
    yield project.data_rate_note
    yield f"the session {verdict_of(project.planned).summary}"
    if project.planned.inputs.conditions.dwell_time:
        yield "assumed: the network has set DownlinkDwellTime = 1 (400 ms); where it has not, this works too"
    for rule, level, message in project.planned.findings:
        yield f"{level} {rule}: {message}"
    yield ""
    yield "next:"
    if answers.folder.absolute() != Path.cwd():
        yield f"  cd {shlex.quote(str(answers.folder))}"
    if sys.prefix == sys.base_prefix:
        yield "  python3 -m venv .venv && . .venv/bin/activate"
    yield "  pip install -r requirements.txt"
    yield "  fuota rehearse"
    yield "  pytest"
    yield "README.md has the rest: parameters, devices, and the way to AWS"
    if inside := folder_in_repository(answers.folder):
        yield (
            f"GitHub reads .github/workflows at the top of a repository only, and this is {visible(inside)} in one:"
            " move fuota.yml there"
        )


def _remark(project: Project, path: str) -> str:
    if path != project.image:
        return ""
    if project.answers.firmware.path is None:
        return f"  (a stand-in of {project.answers.firmware.size_bytes:,} random bytes: put your firmware in its place)"
    return f"  (a copy of {visible(str(project.answers.firmware.path))})"
