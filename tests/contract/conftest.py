"""The rig of the Lambda's tests, see tests/provider/runtime."""

import sys
from pathlib import Path

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parents[1] / "provider" / "runtime"))

from lambda_rig import (  # noqa: F401  # pytest finds fixtures by their names here
    clock,
    impatient_boto3,
    made,
    rig,
)
from response_sink import (  # noqa: F401  # pytest finds fixtures by their names here
    response_server,
    sink,
)

# isort: split
# lambda_rig has put the runtime on the path by now.
from wireless_rig import cloud, iotwireless_server  # noqa: F401  # likewise
