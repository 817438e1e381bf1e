"""Lives many rollouts and counts what went wrong, by class: part of `make soak`, or `python soak.py SEED` for one.

Exits with 1 if anything went wrong but what cannot be prevented.

python tests/rollout/rollout_simulation/soak.py [--lives 1000] [--first 0] [--processes 2]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# What no rollout can keep from happening, and why; `docs/explanation/reliability.md` says what an operator does then.
IMPOSSIBLE = {
    "carried out late": "AWS made a task or group after everybody had stopped waiting for it, and after its rollout or"
    " its stack was gone",
}
BATCH = 10


def live(seeds: range) -> tuple[Counter[str], dict[str, list[int]]]:
    """Live some; what happened, and the seeds by what went wrong."""
    from rollout_simulation.life import run

    happened: Counter[str] = Counter()
    broken: dict[str, list[int]] = {}
    for seed in seeds:
        world = run(seed)
        happened.update(world.weather.counts)
        happened.update({"API calls": world.network.calls, "invocations": world.function.invocations})
        for kind in sorted({violation.kind for violation in world.violations}):
            broken.setdefault(kind, []).append(seed)
    return happened, broken


def show(seed: int) -> None:
    """Live one and print its notes."""
    from rollout_simulation.life import run

    world = run(seed)
    sys.stdout.write("\n".join(world.notes) + "\n")
    for violation in world.violations:
        sys.stdout.write(f"{violation.kind}: {violation.what}\n")


def soak(first: int, lives: int, processes: int) -> int:
    """Live many in several processes, telling how far it is."""
    started = time.monotonic()
    happened: Counter[str] = Counter()
    broken: dict[str, list[int]] = {}
    batches = [range(at, min(at + BATCH, first + lives)) for at in range(first, first + lives, BATCH)]
    with ProcessPoolExecutor(processes) as pool:
        for number, future in enumerate(as_completed([pool.submit(live, batch) for batch in batches]), start=1):
            more, found = future.result()
            happened += more
            for kind, seeds in found.items():
                broken.setdefault(kind, []).extend(seeds)
            if sys.stderr.isatty() or number % 10 == 0:
                sys.stderr.write(f"{min(number * BATCH, lives)} of {lives} lives, {time.monotonic() - started:.0f} s\n")
    for name, count in sorted(happened.items()):
        sys.stdout.write(f"{count:9} {name}\n")
    unexpected = sorted(broken.keys() - IMPOSSIBLE.keys())
    for title, names in (("cannot be prevented", sorted(IMPOSSIBLE)), ("must not be", unexpected)):
        sys.stdout.write(f"{title}:\n")
        for name in names:
            seeds = sorted(broken.get(name, []))
            sys.stdout.write(f"{len(seeds):9} lives: {name}  {' '.join(map(str, seeds[:8]))}\n")
    sys.stdout.write(f"{'FAILED' if unexpected else 'PASSED'}\n")
    return int(bool(unexpected))


def main() -> int:
    """Read the command line."""
    os.environ.update(AWS_ACCESS_KEY_ID="123456789012", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1")
    os.environ.pop("AWS_PROFILE", None)
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int)
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        show(options.seed)
        return 0
    return soak(options.first, options.lives, options.processes)


if __name__ == "__main__":
    sys.exit(main())
