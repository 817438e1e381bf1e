"""What the ids look like that AWS IoT Wireless gives: of tasks, devices and gateways alike."""

import re
from typing import Final

SERVICE_ID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""32 hexadecimal digits in five groups.

The documentation shows ids in this form only; that there is no other is assumed. The API itself takes any text of up
to 256 characters. The provider's function stands alone and has its own.
"""
