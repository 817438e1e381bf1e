"""The rig of the Lambda's tests, see lambda_rig.py."""

import sys
from pathlib import Path

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from lambda_rig import (  # noqa: F401  # pytest finds fixtures by their names here
    clock,
    create,
    impatient_boto3,
    made,
    rig,
    s3_url,
)
from response_sink import (  # noqa: F401  # pytest finds fixtures by their names here
    response_server,
    sink,
)

# isort: split
# lambda_rig has put the runtime on the path by now.
from bucket_rig import buckets, buckets_of_session  # noqa: F401  # likewise
from group_rig import lists  # noqa: F401  # likewise
from wireless_rig import cloud, iotwireless_server  # noqa: F401  # likewise
