"""What exit codes mean, in every command alike: a script can tell "no" from "could not look"."""

from __future__ import annotations

import signal
from typing import Final

PASSED: Final = 0
"""It was done, and where something was asked, all is well."""

COULD_NOT_LOOK: Final = 1
"""It could not be done or looked at: refused, no credentials, no network, not installed, deployed or written."""

WRONG_USAGE: Final = 2
"""The command line is wrong (click's own code)."""

NOT_MET: Final = 3
"""It was looked at, and the answer is no: too few devices have the image, or errors were found."""

INTERRUPTED: Final = 128 + signal.SIGINT
"""Ended by Ctrl-C, SIGTERM or SIGHUP: nothing is known about the rest. 130, as shells have it."""
