"""Lives many sequences and counts what went wrong, by class: `make soak`, or `python soak.py SEED` for one with notes.

Exits with 1 if anything went wrong but what cannot be prevented.

python tests/provider/simulation/soak.py [--sequences 10000] [--first 0] [--processes 2]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.update(AWS_ACCESS_KEY_ID="123456789012", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1")
os.environ.pop("AWS_PROFILE", None)

from simulation.checks import IMPOSSIBLE  # the path comes first
from simulation.soaking import Soak  # the path comes first


def run(seed: int) -> Any:
    """Live one."""
    from simulation.world import run as lived

    return lived(seed)


if __name__ == "__main__":
    sys.exit(Soak(run, noun="sequences", count=10_000, batch=50, impossible=IMPOSSIBLE).main())
