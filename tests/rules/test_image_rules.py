"""Boundary tables of the rules about the image."""

import pytest
from rules_rig import levels

from fuota_constructs.rules import UNKNOWN


@pytest.mark.parametrize("size", [None, UNKNOWN, 1, 999_999])
def test_image_of_any_sensible_size(size: object) -> None:
    assert not levels("image-empty", image_bytes=size)
    assert not levels("image-size", image_bytes=size)


@pytest.mark.parametrize("size", [0, -1, "100", 100.0, True])
def test_fails_when_image_is_empty_or_its_size_no_number(size: object) -> None:
    assert levels("image-empty", image_bytes=size) == ["error"]


@pytest.mark.parametrize(("has_key", "expected"), [(False, []), (True, ["warning"])])
def test_image_encryption(has_key: bool, expected: list[str]) -> None:
    assert levels("image-encryption", image_has_key=has_key) == expected


@pytest.mark.parametrize(("end", "expected"), [(None, []), ("deletes images", ["warning"])])
def test_firmware_lifecycle(end: str | None, expected: list[str]) -> None:
    assert levels("firmware-lifecycle", image_lifecycle=end) == expected


@pytest.mark.parametrize(("trusts", "expected"), [(None, []), (True, []), (False, ["error"])])
def test_role_trust(trusts: bool | None, expected: list[str]) -> None:
    assert levels("role-trust", role_trusts_service=trusts) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(999_999, []), (1_000_000, ["warning"]), (1_048_576, ["warning"]), (1_048_577, ["error"]), (10**9, ["error"])],
)
def test_image_size(size: int, expected: list[str]) -> None:
    assert levels("image-size", image_bytes=size) == expected


@pytest.mark.parametrize(
    ("bucket", "task", "expected"),
    [
        ("eu-west-1", "eu-west-1", []),
        ("us-east-1", "eu-west-1", ["error"]),
        (None, "eu-west-1", []),
        ("us-east-1", None, []),
    ],
)
def test_image_region(bucket: str | None, task: str | None, expected: list[str]) -> None:
    assert levels("image-region", image_bucket_region=bucket, aws_region=task) == expected


@pytest.mark.parametrize(
    ("characters", "expected"),
    [(None, []), (0, []), (5120, []), (5121, ["warning"]), (10_240, ["warning"]), (10_241, ["error"])],
)
def test_role_policy_size(characters: int | None, expected: list[str]) -> None:
    assert levels("role-policy-size", role_policy_characters=characters) == expected
