"""Where the local cloud keeps what it downloads and what it is running."""

import os
from pathlib import Path

APPLICATION = "fuota-constructs"


def cache_folder() -> Path:
    """The per-user folder for what can be fetched again.

    FUOTA_CACHE_DIR, or the platform's own (~/.cache/fuota-constructs on Linux).
    """
    return _folder("FUOTA_CACHE_DIR", "user_cache_path")


def state_folder() -> Path:
    """The per-user folder in which running clouds are noted, with their logs and certificates.

    FUOTA_STATE_DIR, or the platform's own (~/.local/state/fuota-constructs on Linux). Only its owner may read it.
    """
    folder = _folder("FUOTA_STATE_DIR", "user_state_path")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _folder(variable: str, platform_folder: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(getattr(platformdirs, platform_folder)(APPLICATION))
