"""The rig of the monitor's Lambda, see monitor_rig.py."""

import sys
from pathlib import Path

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from monitor_rig import cloud, task, watch  # noqa: F401  # pytest finds fixtures by their names here
