"""What the tests of rules share, see rules_rig.py."""

import sys
from pathlib import Path

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))
