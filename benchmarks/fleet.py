"""What a session costs in the local cloud: devices times fragments, each device decoding and hashing its own image.

Each size runs in a process of its own and is driven as clients drive it: the fleet is made by the admin route, the task
by boto3, the session is looked at after every tenth of it. Seconds are those of the session alone, from its begin to
its end, memory is the process's peak. Linear means that the cost of one device's fragment, in CPU time, stays: the
ratio is that of the largest to the smallest.

With --stacks the devices are those of cohorts that each have a stack, built wide enough to receive.

    python benchmarks/fleet.py [--loss 0.1] [--stacks] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

SIZES = ((1000, 250), (1000, 500), (1000, 1000), (250, 1000), (500, 1000), (2500, 200), (5000, 200), (10_000, 200))
SHARE_CODED = 0.25  # of the data fragments: 25 % redundancy
FRAGMENT_BYTES = 200
WIDE = {"max_fragments": 16383, "max_fragment_bytes": 240, "max_lost_fragments": 4096}
STACKS: tuple[Any, ...] = (
    {"name": "loramac-node", **WIDE},
    {"name": "swl2001", **WIDE},
    {"name": "zephyr", "max_lost_fragments": 4096},
    {"name": "zephyr-lowmem", "max_lost_fragments": 4096},
    {"name": "stm32cubewl", **WIDE},
    {"name": "mbed", "frag_sessions": 2, "max_lost_fragments": 4096},
)
LEAD_SECONDS = 1800
LOOKS = 10
MOST_SECONDS, MOST_MEGABYTES = 60, 2000


def run(devices: int, fragments: int, loss: float, version: int, *, stacks: bool = False) -> dict[str, Any]:
    """One session, in this process."""
    import boto3

    from fuota_constructs.local.iotwireless import IotWirelessService, serve

    present = 1_800_000_000.0
    data = round(fragments / (1 + SHARE_CODED))
    image = random.Random(1).randbytes(data * FRAGMENT_BYTES)
    service = IotWirelessService(lambda: present, requests_per_second=None, image_source=lambda *_: image)
    with serve(service) as url:
        client = boto3.Session("123456789012", "secret", region_name="eu-west-1").client(
            "iotwireless", endpoint_url=url
        )
        group = client.create_multicast_group(LoRaWAN={"RfRegion": "US915", "DlClass": "ClassC"})["Id"]  # no duty cycle
        task = client.create_fuota_task(
            FirmwareUpdateImage="s3://b/k",
            FirmwareUpdateRole="r",
            FragmentSizeBytes=FRAGMENT_BYTES,
            FragmentIntervalMS=1000,
            RedundancyPercent=round(100 * SHARE_CODED),
        )["Id"]
        client.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
        cohorts = [
            {"count": devices // len(STACKS) + (place < devices % len(STACKS)), "loss": loss, "stack": stack}
            for place, stack in enumerate(STACKS)
        ]
        alike = {"devices": devices, "loss": loss, "profile": {"ts004": version}}
        _admin(service, "POST", "fleet", {"seed": 1, **({"cohorts": cohorts} if stacks else alike)})
        client.start_fuota_task(Id=task)
        present += LEAD_SECONDS
        started, computing = time.perf_counter(), time.process_time()
        client.get_fuota_task(Id=task)
        for _ in range(LOOKS):
            present += fragments / LOOKS
            _admin(service, "GET", "fleet", {})
        seconds, cpu = time.perf_counter() - started, time.process_time() - computing
        assert client.get_fuota_task(Id=task)["Status"] == "FuotaDone"
        started = time.perf_counter()
        statuses: Counter[str] = Counter()
        token: dict[str, Any] = {}
        while True:
            page = client.list_wireless_devices(FuotaTaskId=task, MaxResults=250, **token)
            statuses.update(item.get("FuotaDeviceStatus", "") for item in page["WirelessDeviceList"])
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        listing = time.perf_counter() - started
    return {
        "devices": devices,
        "fragments": fragments,
        "version": version,
        "loss": loss,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "listing_seconds": listing,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "microseconds_a_fragment": cpu / devices / fragments * 1e6,
        "statuses": dict(statuses),
    }


def _admin(service: Any, method: str, route: str, document: dict[str, Any]) -> None:
    import asyncio

    body = json.dumps(document).encode()
    status, _, answer = asyncio.run(service.handle(method, f"/_fuota/{route}", {}, body, {}))
    assert status == 200, answer


def main() -> int:
    """Run all sizes and show them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loss", type=float, default=0.1, help="share of fragments a device loses (default 0.1)")
    parser.add_argument("--version", type=int, default=1, choices=(1, 2), help="of TS004 (default 1)")
    parser.add_argument("--stacks", action="store_true", help="cohorts that each have a stack, of TS004 version 1")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        devices, fragments = map(int, options.one.split("x"))
        print(json.dumps(run(devices, fragments, options.loss, options.version, stacks=options.stacks)))
        return 0
    console = Console()
    rows = []
    for devices, fragments in track(SIZES, description="sessions", console=console):
        command = [sys.executable, __file__, "--one", f"{devices}x{fragments}", "--loss", str(options.loss)]
        command += ["--stacks"] if options.stacks else []
        done = subprocess.run([*command, "--version", str(options.version)], stdout=subprocess.PIPE, check=True)
        rows.append(json.loads(done.stdout))
    costs = [row["microseconds_a_fragment"] for row in rows]
    ratio = max(costs) / min(costs)
    largest = [row for row in rows if row["devices"] * row["fragments"] >= 1_000_000]
    fits = all(row["seconds"] <= MOST_SECONDS and row["megabytes"] <= MOST_MEGABYTES for row in largest)
    table = Table(title=f"a session of the local cloud, {options.loss:.0%} loss, TS004 version {options.version}")
    for heading in ("devices", "fragments", "seconds", "CPU s", "µs a fragment", "peak MB", "list s", "successful"):
        table.add_column(heading, justify="right")
    for row in rows:
        successful = row["statuses"].get("Successful", 0) / row["devices"]
        table.add_row(
            str(row["devices"]),
            str(row["fragments"]),
            f"{row['seconds']:.1f}",
            f"{row['cpu_seconds']:.1f}",
            f"{row['microseconds_a_fragment']:.1f}",
            f"{row['megabytes']:.0f}",
            f"{row['listing_seconds']:.1f}",
            f"{successful:.1%}",
        )
    console.print(table)
    console.print(f"cost of one device's fragment, largest to smallest: {ratio:.1f}")
    verdict = "within" if fits else "[red]over[/red]"
    console.print(f"1000 x 1000 and 10 000 x 200: {verdict} {MOST_SECONDS} s and {MOST_MEGABYTES} MB")
    if options.json:
        options.json.write_text(json.dumps({"ratio": ratio, "fits": fits, "sessions": rows}, indent=2) + "\n")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
