"""When the devices of a multicast group listen."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from constructs import IConstruct


class DlClass(enum.Enum):
    """When the devices of a multicast group listen. Source: AWS IoT Wireless API, `DlClass`."""

    CLASS_B = "ClassB"
    """In slots at agreed times; a session lasts at most 2 days."""

    CLASS_C = "ClassC"
    """All the time; a session lasts at most 18 h."""


def expect_dl_class(value: object, at: IConstruct) -> DlClass:
    """The value, if it is a `DlClass`.

    Raises `FuotaValidationError` (`dl-class`).
    """
    if isinstance(value, DlClass):
        return value
    raise FuotaValidationError(
        "dl-class", f"dl_class is {shown(value)}; give DlClass.CLASS_B or DlClass.CLASS_C", construct_path=at.node.path
    )
