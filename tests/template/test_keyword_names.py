"""A misspelt keyword argument: a TypeError that names the one that was meant."""

import inspect
import re
from typing import Any

import aws_cdk as cdk
import pytest

from fuota_constructs import FirmwareBucket, FirmwareUpdateRole, FuotaMonitor, FuotaTask, MulticastGroup


@pytest.mark.parametrize(
    ("construct", "wrong", "words"),
    [
        (FuotaTask, "fragment_size", "did you mean 'fragment_size_bytes'?"),
        (FuotaTask, "fragmentSizeBytes", "did you mean 'fragment_size_bytes'?"),
        (FuotaTask, "RedundancyPercent", "did you mean 'redundancy_percent'?"),
        (FuotaTask, "FragmentIntervalMS", "did you mean 'fragment_interval'?"),
        (FuotaTask, "redundancy", "did you mean 'redundancy_percent'?"),
        (FuotaTask, "interval", "did you mean 'fragment_interval'?"),
        (FuotaTask, "name", "did you mean 'fuota_task_name'?"),
        (FuotaTask, "role", "did you mean 'firmware_update_role'?"),
        (FuotaTask, "multicast_group", "did you mean 'multicast_groups'?"),
        (FuotaTask, "wirless_devices", "did you mean 'wireless_devices'?"),
        (FuotaTask, "firmware", "did you mean 'firmware_image' or 'firmware_bucket' or 'firmware_update_role'?"),
        (MulticastGroup, "dlClass", "did you mean 'dl_class'?"),
        (MulticastGroup, "region", "did you mean 'rf_region'?"),
        (FirmwareBucket, "kms_key", "it has abac_status, auto_delete_objects, "),
        (FirmwareUpdateRole, "name", "did you mean 'role_name'?"),
        (FuotaMonitor, "alarms", "did you mean 'alarm_actions'?"),
    ],
)
def test_fails_with_the_keyword_that_was_meant(construct: Any, wrong: str, words: str) -> None:
    message = re.escape(f"{construct.__name__} has no parameter {wrong!r}; {words}")
    with pytest.raises(TypeError, match=message):
        construct(cdk.Stack(), "It", **{wrong: 1})


def test_fails_with_the_name_of_the_subclass_and_in_python_s_words_for_what_is_missing() -> None:
    class Mine(FirmwareUpdateRole):
        pass

    with pytest.raises(TypeError, match="Mine has no parameter 'role_nmae'; did you mean 'role_name'"):
        Mine(cdk.Stack(), "It", role_nmae="acme")  # type: ignore[call-arg]  # what is refused
    with pytest.raises(TypeError, match="missing 2 required keyword-only arguments: 'firmware_image' and 'rf_region'"):
        FuotaTask(cdk.Stack(), "It")  # type: ignore[call-arg]  # what is refused


def test_the_signature_is_that_of_the_construct() -> None:
    assert list(inspect.signature(FuotaTask.__init__).parameters)[:5] == [
        "self",
        "scope",
        "id",
        "firmware_image",
        "rf_region",
    ]
