"""The provider under everything that CloudFormation, Lambda and IoT Wireless may do to it, in virtual time."""

import sys
from pathlib import Path

RUNTIME = Path(__file__).parents[3] / "fuota_constructs" / "provider" / "runtime"
# As Lambda does with the folder of the function.
if str(RUNTIME) not in sys.path:
    sys.path.insert(0, str(RUNTIME))
