"""Lives many sequences and counts what went wrong, by class: `make soak`, or `python soak.py SEED` for one with notes.

Exits with 1 if anything went wrong but what cannot be prevented.

python tests/provider/simulation/soak.py [--sequences 10000] [--first 0] [--processes 2]
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
os.environ.update(AWS_ACCESS_KEY_ID="123456789012", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1")
os.environ.pop("AWS_PROFILE", None)

BATCH = 50


def live(seeds: range) -> tuple[Counter[str], Counter[str], dict[str, list[int]], int]:
    """Live some sequences; give what happened, violations by class, the seeds of each, and the number of calls."""
    from simulation.world import run

    happened: Counter[str] = Counter()
    violated: Counter[str] = Counter()
    examples: dict[str, list[int]] = {}
    calls = 0
    for seed in seeds:
        world = run(seed)
        happened.update(world.weather.counts)
        happened["invocations"] += world.function.invocations
        calls += world.network.calls
        for kind in sorted({violation.kind for violation in world.violations}):
            violated[kind] += 1
            examples.setdefault(kind, []).append(seed)
    return happened, violated, examples, calls


def show(seed: int) -> None:
    """Live one sequence and print its notes."""
    from simulation.world import run

    world = run(seed)
    sys.stdout.write("\n".join(world.notes) + "\n")
    for violation in world.violations:
        sys.stdout.write(f"{violation.kind}: {violation.what}\n")


def soak(first: int, sequences: int, processes: int) -> int:
    """Live many sequences in several processes, telling how far it is."""
    started = time.monotonic()
    happened: Counter[str] = Counter()
    violated: Counter[str] = Counter()
    examples: dict[str, list[int]] = {}
    calls = done = 0
    batches = [range(at, min(at + BATCH, first + sequences)) for at in range(first, first + sequences, BATCH)]
    with ProcessPoolExecutor(processes) as pool:
        for future in as_completed([pool.submit(live, batch) for batch in batches]):
            more_happened, more_violated, more_examples, more_calls = future.result()
            happened += more_happened
            violated.update(more_violated)
            calls += more_calls
            for kind, seeds in more_examples.items():
                examples.setdefault(kind, []).extend(seeds)
            done += BATCH
            if sys.stderr.isatty() or done % 500 == 0:
                seconds = time.monotonic() - started
                sys.stderr.write(f"{min(done, sequences)} of {sequences} sequences, {seconds:.0f} s\n")
    for name, count in sorted(happened.items()):
        sys.stdout.write(f"{count:9} {name}\n")
    sys.stdout.write(f"{calls:9} API calls\n\n")
    return report(violated, examples)


def report(violated: Counter[str], examples: dict[str, list[int]]) -> int:
    """Print in how many sequences what went wrong; 1 if anything did that need not."""
    from simulation.checks import IMPOSSIBLE

    broken = {name for name in violated if name not in IMPOSSIBLE}
    for title, names in (("cannot be prevented", IMPOSSIBLE), ("must not be", sorted(broken))):
        sys.stdout.write(f"{title}:\n")
        for name in names:
            seeds = " ".join(str(seed) for seed in sorted(examples.get(name, []))[:8])
            sys.stdout.write(f"{violated[name]:9} sequences: {name}  {seeds}\n")
    sys.stdout.write(f"{'FAILED' if broken else 'PASSED'}\n")
    return int(bool(broken))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        show(options.seed)
        return 0
    return soak(options.first, options.sequences, options.processes)


if __name__ == "__main__":
    sys.exit(main())
