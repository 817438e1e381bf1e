"""Delta images: sequential patches in the format of detools, which devices apply with 4 kB of code and 640 B of RAM.

`make_patch(base, target)` makes one, `apply_patch(base, patch)` gives the target back. A patch knows neither its base
nor its target: applied to another base it gives other bytes of the right length and no error, so send it only to
devices that have the base, and let them check the signature of what comes out. Assumed: the service does not look into
an image, so it sends a patch like any other.
"""

from fuota_constructs.firmware.delta.apply_patch import PatchFormatError, apply_patch, is_patch, read_patch
from fuota_constructs.firmware.delta.make_patch import DeltaError, Patch, make_patch

__all__ = ["DeltaError", "Patch", "PatchFormatError", "apply_patch", "is_patch", "make_patch", "read_patch"]
