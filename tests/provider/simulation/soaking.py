"""Living much of a simulation in several processes: how far it is, what happened, and what went wrong, by class."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECONDS_BETWEEN_LINES = 30

Lived = tuple[Counter[str], dict[str, list[int]]]
"""What happened how often, and the seeds of what went wrong, by class."""


class Soak(NamedTuple):
    """A simulation: how a seed is lived, what its lives are called, and how many there are."""

    run: Callable[[int], Any]
    noun: str
    count: int
    batch: int
    impossible: Mapping[str, str]
    """What nobody can keep from happening, and why."""

    def main(self) -> int:
        """Read the command line, and live them; 1 if anything went wrong but what cannot be prevented."""
        parser = argparse.ArgumentParser()
        parser.add_argument("seed", nargs="?", type=int)
        parser.add_argument(f"--{self.noun}", type=int, default=self.count, dest="count")
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        options = parser.parse_args()
        if options.seed is not None:
            return self._show(options.seed)
        return self._report(*self._lived(options.first, options.count, options.processes))

    def _show(self, seed: int) -> int:
        world = self.run(seed)
        sys.stdout.write("\n".join(world.notes) + "\n")
        for violation in world.violations:
            sys.stdout.write(f"{violation.kind}: {violation.what}\n")
        return 0

    def _lived(self, first: int, count: int, processes: int) -> Lived:
        started = told = time.monotonic()
        happened: Counter[str] = Counter()
        broken: dict[str, list[int]] = {}
        done = 0
        batches = [range(at, min(at + self.batch, first + count)) for at in range(first, first + count, self.batch)]
        with ProcessPoolExecutor(processes) as pool:
            futures = {pool.submit(live, self.run, batch): len(batch) for batch in batches}
            for future in as_completed(futures):
                more, found = future.result()
                happened += more
                for kind, seeds in found.items():
                    broken.setdefault(kind, []).extend(seeds)
                done += futures[future]
                now = time.monotonic()
                if sys.stderr.isatty() or done == count or now - told > SECONDS_BETWEEN_LINES:
                    told = now
                    sys.stderr.write(f"{done} of {count} {self.noun}, {now - started:.0f} s\n")
        return happened, broken

    def _report(self, happened: Counter[str], broken: dict[str, list[int]]) -> int:
        for name, count in sorted(happened.items()):
            sys.stdout.write(f"{count:9} {name}\n")
        unexpected = sorted(broken.keys() - self.impossible.keys())
        for title, names in (("cannot be prevented", sorted(self.impossible)), ("must not be", unexpected)):
            sys.stdout.write(f"{title}:\n")
            for name in names:
                seeds = sorted(broken.get(name, []))
                sys.stdout.write(f"{len(seeds):9} {self.noun}: {name}  {' '.join(map(str, seeds[:8]))}\n")
        sys.stdout.write(f"{'FAILED' if unexpected else 'PASSED'}\n")
        return int(bool(unexpected))


def live(run: Callable[[int], Any], seeds: range) -> Lived:
    """Live some seeds, in this process."""
    happened: Counter[str] = Counter()
    broken: dict[str, list[int]] = {}
    for seed in seeds:
        world = run(seed)
        happened.update(world.weather.counts)
        happened.update({"API calls": world.network.calls, "invocations": world.function.invocations})
        for kind in sorted({violation.kind for violation in world.violations}):
            broken.setdefault(kind, []).append(seed)
    return happened, broken
