"""The modules of the rollout's function are top-level modules, as in the Lambda."""

import sys
from pathlib import Path

import fuota_constructs

sys.path.insert(0, str(Path(fuota_constructs.__file__).parent / "rollout" / "runtime"))
