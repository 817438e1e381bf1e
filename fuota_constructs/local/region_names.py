"""How names of AWS Regions look."""

import re

# us-east-1, us-gov-west-1, us-isob-east-1, eusc-de-east-1
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}", re.ASCII)


def is_region(name: str) -> bool:
    """Whether a name could be that of an AWS Region, also of one to come."""
    return _REGION.fullmatch(name) is not None
