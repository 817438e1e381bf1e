"""What the codec costs: encode and decode, the array engine beside the plain big-integer one, in one interleaved run.

Machines are noisy, so look at the ratios. MB/s counts the image (1 MB = 10^6 bytes); microseconds are for each coded
fragment: made in encoding, received in decoding. A decode is the whole of it: `Decoder.add` of every fragment that
arrived until the image is complete, and `image()`, which is compared with the original. Caches are emptied before each
measurement. Below it: what an import, a plan and a recommendation take.

    python benchmarks/codec.py [--runs 3] [--version 2] [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from fuota_constructs.lorawan.fragmentation import arrays, bigint, decoder, encoder
from fuota_constructs.lorawan.fragmentation.parity import parity_mask
from fuota_constructs.lorawan.recommendation import options
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent
from fuota_constructs.lorawan.regions import regions
from fuota_constructs.lorawan.session_plan import Conditions, plan_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ENGINES: dict[str, ModuleType] = {"arrays": arrays, "bigint": bigint}
COUNTS = (100, 1000, 5000, 10_000)
SIZES = (50, 200)
LOSSES = (0.05, 0.1, 0.2)

LIMITS = {
    "decode 1000 x 50 B at 5 %": 0.005,
    "decode 5000 x 200 B at 20 %": 1.0,
    "decode 10000 x 50 B at 20 %": 3.0,
    "encode 1500 coded over 5000 x 200 B": 0.25,
    "import fuota_constructs.lorawan": 0.03,
    "one plan of 100 kB": 0.005,
    "one recommendation of 100 kB": 1.0,
    "the slowest recommendation, any region and size": 1.0,
}
"""Seconds that the project holds itself to, on two cores of a small cloud machine."""


@dataclass(frozen=True)
class Cost:
    """Medians of one engine over one session."""

    engine: str
    data_fragments: int
    fragment_bytes: int
    loss: float
    coded_fragments: int
    encode_seconds: float
    encode_mb_per_second: float
    encode_us_per_coded: float
    decode_seconds: float
    decode_mb_per_second: float
    decode_us_per_coded: float


def use(engine: str) -> None:
    """Put one engine under encoder and decoder, with nothing remembered."""
    vars(decoder)["Elimination"] = ENGINES[engine].Elimination
    vars(encoder)["coded_fragments"] = ENGINES[engine].coded_fragments
    parity_mask.cache_clear()


def coded_for(m: int, loss: float) -> int:
    """Coded fragments that let nearly every device succeed at a loss."""
    return math.ceil(m * loss / (1 - loss) + 5 * math.sqrt(m * loss)) + 10


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call, and its answer."""
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def decode(arrived: list[tuple[int, bytes]], m: int, size: int, version: int) -> bytes:
    """Reassemble an image from what arrived."""
    session = decoder.Decoder(m, size, version=version)
    for n, fragment in arrived:
        if session.add(n, fragment):
            return session.image()
    sys.exit(f"{m} fragments could not be decoded: raise coded_for")


def session_cost(engine: str, m: int, size: int, loss: float, *, version: int, runs: int) -> Cost:
    """Measure one engine over one session."""
    source = random.Random(f"{m} {size} {loss}")
    image = source.randbytes(m * size)
    coded = coded_for(m, loss)
    lost = {n for n in range(1, m + coded + 1) if source.random() < loss}
    encodes, decodes, received = [], [], 0
    for _ in range(runs):
        use(engine)
        seconds, fragments = timed(lambda: encoder.encode(image, size, coded, version=version))
        encodes.append(seconds)
        arrived = [(n, fragment) for n, fragment in enumerate(fragments, 1) if n not in lost]
        received = sum(n > m for n, _ in arrived)
        use(engine)
        seconds, found = timed(partial(decode, arrived, m, size, version))
        decodes.append(seconds)
        if found != image:
            sys.exit(f"{engine} gave another image for {m} x {size} bytes")
    encoding, decoding = statistics.median(encodes), statistics.median(decodes)
    return Cost(
        engine=engine,
        data_fragments=m,
        fragment_bytes=size,
        loss=loss,
        coded_fragments=coded,
        encode_seconds=encoding,
        encode_mb_per_second=len(image) / 1e6 / encoding,
        encode_us_per_coded=1e6 * encoding / coded,
        decode_seconds=decoding,
        decode_mb_per_second=len(image) / 1e6 / decoding,
        decode_us_per_coded=1e6 * decoding / received,
    )


def measure(*, version: int, runs: int, quick: bool, console: Console) -> list[Cost]:
    """All sessions, the engines in turn, so that a slow minute of the machine hits both."""
    plan = [
        (engine, m, size, loss)
        for m in (COUNTS[:2] if quick else COUNTS)
        for size in SIZES
        for loss in LOSSES
        for engine in ENGINES
    ]
    costs = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("codec", total=sum(m for _, m, _, _ in plan))
        for engine, m, size, loss in plan:
            progress.update(task, description=f"{engine} {m} x {size} B at {loss:.0%}")
            # the plain engine takes seconds for the largest: once is enough
            costs.append(session_cost(engine, m, size, loss, version=version, runs=1 if engine == "bigint" else runs))
            progress.advance(task, m)
    return costs


def fresh(work: Callable[[], Any]) -> float:
    """Seconds of one call with the planner's caches empty."""
    for cached in (parity_mask, decode_probability, smallest_redundancy_percent):
        cached.cache_clear()
    return timed(work)[0]


def import_seconds(runs: int) -> float:
    """Median seconds of the import in a fresh interpreter, as that interpreter measures it."""
    script = "import time; t = time.perf_counter(); import fuota_constructs.lorawan; print(time.perf_counter() - t)"
    return statistics.median(
        float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
        for _ in range(max(5, runs))
    )


def held_to(costs: list[Cost], *, runs: int, quick: bool, console: Console) -> dict[str, float]:
    """Seconds of what the project holds itself to."""
    found = {}
    for cost in costs:
        if cost.engine == "arrays":
            found[f"decode {cost.data_fragments} x {cost.fragment_bytes} B at {cost.loss:.0%}".replace("%", " %")] = (
                cost.decode_seconds
            )
    image = random.Random(1).randbytes(1_000_000)
    use("arrays")
    found["encode 1500 coded over 5000 x 200 B"] = statistics.median(
        timed(lambda: encoder.encode(image, 200, 1500))[0] for _ in range(runs)
    )
    found["import fuota_constructs.lorawan"] = import_seconds(runs)
    europe = Conditions(regions()["EU868"])
    rate = europe.region.data_rates[3]

    plan = partial(plan_session, 100_000, europe, data_rate=rate, fragment_bytes=112, redundancy_percent=20)
    found["one plan of 100 kB"] = statistics.median(fresh(plan) for _ in range(5))
    found["one recommendation of 100 kB"] = statistics.median(
        fresh(partial(options, 100_000, europe)) for _ in range(5)
    )
    sizes = (1500, 100_000) if quick else (1, 300, 1500, 2500, 5000, 20_000, 300_000, 1_048_576)
    with Progress(console=console, transient=True) as progress:
        slowest = 0.0
        for region in progress.track(list(regions().values()), description="recommendations"):
            for size in sizes:
                slowest = max(slowest, fresh(partial(options, size, Conditions(region))))
    found["the slowest recommendation, any region and size"] = slowest
    return {name: found[name] for name in LIMITS if name in found}


def show(costs: list[Cost], figures: dict[str, float], console: Console) -> None:
    """Print the tables."""
    table = Table(
        title="the codec: arrays (NumPy), and the plain big-integer engine with how many times longer it takes"
    )
    for column in ("M x bytes", "loss", "coded"):
        table.add_column(column, justify="right")
    for what in ("encode", "decode"):
        for column in (f"{what} s", "MB/s", "us a coded", "plain s", "ratio"):
            table.add_column(column, justify="right")
    by_session: dict[tuple[int, int, float], dict[str, Cost]] = {}
    for cost in costs:
        by_session.setdefault((cost.data_fragments, cost.fragment_bytes, cost.loss), {})[cost.engine] = cost
    for (m, size, loss), engines in by_session.items():
        fast, plain = engines["arrays"], engines["bigint"]
        table.add_row(
            f"{m} x {size}",
            f"{loss:.0%}",
            str(fast.coded_fragments),
            f"{fast.encode_seconds:.3f}",
            f"{fast.encode_mb_per_second:.1f}",
            f"{fast.encode_us_per_coded:.0f}",
            f"{plain.encode_seconds:.3f}",
            f"{plain.encode_seconds / fast.encode_seconds:.1f} x",
            f"{fast.decode_seconds:.3f}",
            f"{fast.decode_mb_per_second:.1f}",
            f"{fast.decode_us_per_coded:.0f}",
            f"{plain.decode_seconds:.3f}",
            f"{plain.decode_seconds / fast.decode_seconds:.1f} x",
        )
    console.print(table)
    goals = Table(title="what the project holds itself to")
    for column in ("what", "ms", "at most ms", ""):
        goals.add_column(column, justify="left" if column == "what" else "right")
    for name, seconds in figures.items():
        goals.add_row(
            name, f"{1000 * seconds:.1f}", f"{1000 * LIMITS[name]:.0f}", "ok" if seconds <= LIMITS[name] else "too slow"
        )
    console.print(goals)


def main() -> None:
    """Measure, show, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each session with arrays; 3 by default")
    parser.add_argument("--version", type=int, choices=(1, 2), default=1, help="version of TS004; 1 by default")
    parser.add_argument("--quick", action="store_true", help="up to 1000 fragments only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians there too")
    arguments = parser.parse_args()
    console = Console(width=max(Console().width, 130))
    costs = measure(version=arguments.version, runs=arguments.runs, quick=arguments.quick, console=console)
    figures = held_to(costs, runs=arguments.runs, quick=arguments.quick, console=console)
    show(costs, figures, console)
    if arguments.json:
        found = {"version": arguments.version, "codec": [asdict(cost) for cost in costs], "seconds": figures}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
