"""The secret of a local cloud: who can read it may use the cloud, and nobody else.

It is the secret access key of every account in the cloud, and what the admin routes want in the header X-Fuota-Secret.
Each start makes a new one; it lies in the cloud's folder, which only its owner can read.
"""

import os
import secrets
from pathlib import Path

HEADER = "X-Fuota-Secret"
_FILE = "secret"
_BYTES = 30  # 40 characters of base64, as long as a secret access key of AWS


def make_secret(folder: Path) -> str:
    """Make the secret of the cloud that keeps its files in `folder`."""
    secret = secrets.token_urlsafe(_BYTES)
    # Never there with other rights, not even for a moment.
    descriptor = os.open(folder / _FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
    return secret


def read_secret(folder: Path) -> str:
    """Read the secret of the cloud in `folder`; empty when it has none. Raises OSError when it is somebody else's."""
    try:
        return (folder / _FILE).read_text("ascii")
    except FileNotFoundError:
        return ""
