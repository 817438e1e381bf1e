"""The package of the simulation, which `soak.py` runs without pytest, too."""

import sys
from pathlib import Path

# pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parents[1]))
