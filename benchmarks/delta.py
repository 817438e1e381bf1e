"""What a delta costs: making and verifying the patch of 1 MB images, applying it, and files of nothing but repetition.

python benchmarks/delta.py [--runs 3]
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import TYPE_CHECKING

from fuota_constructs.firmware.delta import apply_patch, is_patch
from fuota_constructs.firmware.delta.delta_image import delta_of

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1_048_576
LIMIT = 2.0
"""Seconds that the project holds itself to, on two cores of a small cloud machine."""


def program(size: int) -> bytes:
    """Bytes of middling entropy, such as code has."""
    rng = random.Random(1)
    words = [rng.randbytes(4) for _ in range(4000)]
    return b"".join(rng.choices(words, k=size // 4))


def next_release(base: bytes) -> bytes:
    """Functions inserted and removed, and addresses changed all over, at the same size."""
    rng = random.Random(2)
    target = bytearray(base)
    for _ in range(40):
        at = rng.randrange(len(target))
        target[at:at] = rng.randbytes(rng.randrange(400))
    for _ in range(5000):
        at = rng.randrange(len(target) - 4) & ~3
        target[at : at + 2] = rng.randbytes(2)
    return bytes(target[: len(base)])


def seconds(work: Callable[[], object], runs: int) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    base = program(MEGABYTE)
    target, noise = next_release(base), random.Random(3).randbytes(MEGABYTE)
    patch = delta_of(base, target).patch
    assert patch is not None
    print(f"a release of 1 MiB: a patch of {len(patch.data):,} bytes, {patch.ratio:.1f} times smaller")
    for name, work in (
        ("make and verify it", lambda: delta_of(base, target)),
        ("apply it", lambda: apply_patch(base, patch.data)),
        ("see that it is one", lambda: is_patch(patch.data)),
        ("1 MiB of noise", lambda: delta_of(base, noise)),
        ("1 MiB of 0xFF", lambda: delta_of(b"\xff" * MEGABYTE, b"\xff" * (MEGABYTE - 1))),
        ("100 kB, then 0xFF", lambda: delta_of(base[:100_000].ljust(MEGABYTE, b"\xff"), target[:100_000])),
    ):
        taken = seconds(work, runs)
        print(f"  {name:<20} {taken:6.2f} s{'' if taken < LIMIT else f'  over {LIMIT:g} s'}")


if __name__ == "__main__":
    main()
