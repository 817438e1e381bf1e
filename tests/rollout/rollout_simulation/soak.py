"""Lives many rollouts and counts what went wrong, by class: part of `make soak`, or `python soak.py SEED` for one.

Exits with 1 if anything went wrong but what cannot be prevented.

python tests/rollout/rollout_simulation/soak.py [--lives 1000] [--first 0] [--processes 2]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "provider")]

from simulation.soaking import Soak  # noqa: E402  # the path comes first

# What no rollout can keep from happening, and why; `docs/explanation/reliability.md` says what an operator does then.
IMPOSSIBLE = {
    "carried out late": "AWS made a task or group after everybody had stopped waiting for it, and after its rollout or"
    " its stack was gone",
}


def run(seed: int) -> Any:
    """Live one."""
    from rollout_simulation.life import run as lived

    return lived(seed)


if __name__ == "__main__":
    os.environ.update(AWS_ACCESS_KEY_ID="123456789012", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1")
    os.environ.pop("AWS_PROFILE", None)
    sys.exit(Soak(run, noun="lives", count=1000, batch=10, impossible=IMPOSSIBLE).main())
