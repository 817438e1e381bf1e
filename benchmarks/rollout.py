"""What a rollout to a large fleet takes: the app's synth, and each step of the real machines on AWS's quota.

Each size runs in a process of its own. The service is one that knows ids only, takes ten requests a second of each
operation and 60 ms for each; its time passes when somebody waits, so hours of AWS take seconds. Hours and calls are
those of AWS; seconds of CPU and memory are what the steps need of this machine, that of boto3 and of the engine
included. Linear means that the cost of a device stays: the ratio is that of the largest to the smallest size.

    python benchmarks/rollout.py [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

SIZES = (10_000, 50_000, 100_000)
ROOT = Path(__file__).parents[1]
STEPS = ("choose", "gather", "ready", "look", "settle", "judge", "stragglers", "clean")
LAMBDA_SECONDS, LAMBDA_MEGABYTES = 900, 512
HOUR = 3600


def run(size: int) -> dict[str, Any]:
    """One rollout in three waves with a retry, in this process."""
    logging.disable(logging.INFO)  # the engine's, of each step
    sys.path.insert(0, str(ROOT / "tests" / "rollout"))
    large = importlib.import_module("large_fleet")
    rig = importlib.import_module("rollout_rig")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FUOTA_STATE_DIR"] = folder
        cloud = rig.clouds.start(rig.clouds.free_port(), requests_per_second=None)
        try:
            rig.make_stores(cloud)
            devices = large.device_ids(size)
            text = "".join(f"{device}\n" for device in devices)
            cloud.client("s3").put_object(Bucket=rig.BUCKET, Key="list.txt", Body=text.encode())
            rollout = large.LargeRollout(cloud, devices)
            output = rollout.run(rollout.settings(targets={"listBucket": rig.BUCKET, "listKey": "list.txt"}))
        finally:
            rig.clouds.stop(cloud)
    assert output["status"] == "SUCCEEDED", output
    return {
        "devices": size,
        "steps": {
            step: {
                "calls": cost.calls,
                "longest_seconds": cost.longest_seconds,
                "cpu_seconds": cost.cpu_seconds,
                "hours": sum(seconds for (name, *_), seconds in rollout.seconds.items() if name == step) / HOUR,
            }
            for step, cost in rollout.costs.items()
        },
        "requests": rollout.service.requests.total(),
        "most_events": max(rollout.events),
        "largest_bytes": rollout.largest_bytes,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "limits": {"events": large.LIMIT_EVENTS, "bytes": large.LIMIT_BYTES},
    }


def synth(size: int) -> dict[str, Any]:
    """An app with a rollout to a list of so many devices, in this process."""
    sys.path.insert(0, str(ROOT / "tests" / "rollout"))
    ids = importlib.import_module("large_fleet").device_ids(size)
    import aws_cdk as cdk

    from fuota_constructs import DeviceList, DlClass, FirmwareImage, FuotaRollout, RfRegion, RolloutTargets

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "meters.csv"
        file.write_text("id\n" + "".join(f"{device}\n" for device in ids))
        began, computing = time.perf_counter(), time.process_time()
        app = cdk.App(outdir=f"{folder}/cdk.out")
        FuotaRollout(
            cdk.Stack(app, "Stack"),
            "Rollout",
            firmware_image=FirmwareImage.from_asset(ROOT / "firmware" / "sensor-1.1.0.bin"),
            rf_region=RfRegion.EU868,
            dl_class=DlClass.CLASS_C,
            redundancy_percent=36,
            fragment_size_bytes=112,
            fragment_interval=cdk.Duration.seconds(7),
            targets=RolloutTargets.devices(DeviceList.from_file(file)),
        )
        app.synth()
        seconds, cpu = time.perf_counter() - began, time.process_time() - computing
        template = (Path(folder) / "cdk.out" / "Stack.template.json").stat().st_size
    return {"devices": size, "seconds": seconds, "cpu_seconds": cpu, "template_bytes": template}


def main() -> int:
    """Run all sizes and show them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--synth", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one or options.synth:
        print(json.dumps(run(options.one) if options.one else synth(options.synth)))
        return 0
    console = Console()
    syntheses = [_figures("--synth", size) for size in track(SIZES, description="synths", console=console)]
    rollouts = [_figures("--one", size) for size in track(SIZES, description="rollouts", console=console)]
    _show_synths(syntheses, console)
    for found in rollouts:
        _show_rollout(found, console)
    first, last = rollouts[0], rollouts[-1]
    ratio = (last["requests"] / last["devices"]) / (first["requests"] / first["devices"])
    console.print(f"requests a device, {last['devices']:,} to {first['devices']:,} devices: {ratio:.2f}")
    fits = all(map(_fits, rollouts))
    verdict = "within" if fits else "[red]over[/red]"
    console.print(
        f"{verdict} {LAMBDA_SECONDS} s and {LAMBDA_MEGABYTES} MB of the function, and the limits of the machines"
    )
    if options.json:
        content = {"ratio": ratio, "fits": fits, "synths": syntheses, "rollouts": rollouts}
        options.json.write_text(json.dumps(content, indent=2) + "\n")
    return 0 if fits else 1


def _figures(option: str, size: int) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, option, str(size)], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _fits(found: dict[str, Any]) -> bool:
    return bool(
        max(step["longest_seconds"] for step in found["steps"].values()) < LAMBDA_SECONDS
        and found["megabytes"] < LAMBDA_MEGABYTES
        and found["most_events"] < found["limits"]["events"]
        and found["largest_bytes"] < found["limits"]["bytes"]
    )


def _show_synths(syntheses: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="synth of an app with a rollout")
    for heading in ("devices", "seconds", "CPU s", "template KB"):
        table.add_column(heading, justify="right")
    for found in syntheses:
        kilobytes = found["template_bytes"] / 1000
        row = (f"{found['devices']:,}", f"{found['seconds']:.1f}", f"{found['cpu_seconds']:.1f}", f"{kilobytes:.1f}")
        table.add_row(*row)
    console.print(table)


def _show_rollout(found: dict[str, Any], console: Console) -> None:
    table = Table(title=f"a rollout to {found['devices']:,} devices")
    table.add_column("step")
    for heading in ("calls", "longest s", "hours on AWS", "CPU s", "CPU µs a device"):
        table.add_column(heading, justify="right")
    for step in STEPS:
        cost = found["steps"][step]
        table.add_row(
            step,
            f"{cost['calls']:,}",
            f"{cost['longest_seconds']:.0f}",
            f"{cost['hours']:.2f}",
            f"{cost['cpu_seconds']:.2f}",
            f"{cost['cpu_seconds'] / found['devices'] * 1e6:.0f}",
        )
    console.print(table)
    console.print(
        f"{found['requests']:,} requests to the service, at most {found['most_events']:,} events of an execution and"
        f" {found['largest_bytes']:,} bytes of a state; {found['megabytes']:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
