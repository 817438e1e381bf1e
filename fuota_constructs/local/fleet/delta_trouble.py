"""What is in the way of a device that is sent a delta."""

from __future__ import annotations

from fuota_constructs.local.fleet.stack_trouble import StackTrouble


def _trouble(cause: str, remedy: str) -> StackTrouble:
    return StackTrouble(cause, remedy, about="delta")


def no_base_stated() -> StackTrouble:
    """Nobody said what the devices run."""
    return _trouble(
        "the image is a delta, and nothing says which firmware these devices have",
        "say it in the fleet file, `firmware: base.bin` of the cohort, or with --firmware",
    )


def wrong_base(has: str, wanted: str | None, found: str) -> StackTrouble:
    """Another base: on a device nobody notices before signature or digest of the result is checked."""
    made_for = f"that with sha256 {wanted[:16]}" if wanted else "another one"
    return _trouble(
        f"they run firmware with sha256 {has[:16]} and the delta is for {made_for}: {found}",
        "send these devices the whole image, or a delta made of what they run; with Descriptor.of_base those that look"
        " at the descriptor refuse before a fragment is sent",
    )


def broken_patch(found: str) -> StackTrouble:
    """The right base, and yet another result."""
    return _trouble(
        f"the patch does not make the target of its own base: {found}",
        "make the delta anew (FirmwareImage.delta, fuota delta): these bytes are not those that were made for it",
    )


def target_not_known() -> StackTrouble:
    """A patch by hand, of an image without a digest of its own."""
    return _trouble(
        "the image is a delta, and nothing says what it is to become: neither tags of the task nor a digest in the"
        " result",
        "make it with FirmwareImage.delta, which tags the task with the digests of base and target",
    )


def other_base_named(has: str) -> StackTrouble:
    """The descriptor names another base than the devices have."""
    return _trouble(
        f"the descriptor of the task names another base than the firmware they run (sha256 {has[:16]})",
        "that is what it is for: send these devices the whole image, or a delta of what they run",
    )
