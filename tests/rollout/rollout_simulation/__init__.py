"""Rollouts under everything that AWS, operators and deployments may do to them, in virtual time."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
PACKAGE = TESTS.parent / "fuota_constructs"
# The provider's simulation, for its clock; the runtimes as Lambda does with the folders of the functions.
for folder in (TESTS / "provider", PACKAGE / "rollout" / "runtime", PACKAGE / "provider" / "runtime"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
