"""Where the local cloud keeps what it downloads and what it is running."""

import os
from pathlib import Path

from fuota_constructs.local.errors import LocalCloudError

APPLICATION = "fuota-constructs"
CACHE_VARIABLE = "FUOTA_CACHE_DIR"
STATE_VARIABLE = "FUOTA_STATE_DIR"


def cache_folder() -> Path:
    """The per-user folder for what can be fetched again; it may be read-only once everything is there.

    FUOTA_CACHE_DIR, or the platform's own (~/.cache/fuota-constructs on Linux).
    """
    return _folder(CACHE_VARIABLE, "user_cache_path")


def writable_cache_folder() -> Path:
    """The same, to be written to; raises LocalCloudError where it cannot."""
    return _writable(cache_folder(), CACHE_VARIABLE, mode=0o777)


def state_folder() -> Path:
    """The per-user folder in which running clouds are noted, with their logs and certificates.

    FUOTA_STATE_DIR, or the platform's own (~/.local/state/fuota-constructs on Linux). Only its owner may read it.
    Raises LocalCloudError where it cannot be made or written.
    """
    return _writable(state_path(), STATE_VARIABLE, mode=0o700)


def state_path() -> Path:
    """Where that folder is, or would be made."""
    return _folder(STATE_VARIABLE, "user_state_path")


def _folder(variable: str, platform_folder: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(os.path.expanduser(chosen)).absolute()  # noqa: PTH111  # pathlib's raises where there is no such user
    import platformdirs

    return Path(getattr(platformdirs, platform_folder)(APPLICATION))


def _writable(folder: Path, variable: str, *, mode: int) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise unwritable(folder, variable, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise unwritable(folder, variable, "not writable")
    return folder


def unwritable(folder: Path, variable: str, why: OSError | str) -> LocalCloudError:
    """What to say where a folder of ours cannot be written."""
    reason = (why.strerror or why) if isinstance(why, OSError) else why
    return LocalCloudError(f"cannot write to {folder} ({reason}): set {variable} to a folder that can be written")
