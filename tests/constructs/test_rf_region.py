"""RfRegion: the 13 members, and others by name."""

import pytest

from fuota_constructs import FuotaValidationError, RfRegion


def test_members():
    assert RfRegion.AS923_1.value == "AS923-1"
    assert str(RfRegion.EU868) == "EU868"
    assert len([region for region in vars(RfRegion).values() if isinstance(region, RfRegion)]) == 13


def test_of_is_equal_to_the_member_and_takes_new_ones():
    assert RfRegion.of("EU868") == RfRegion.EU868
    assert RfRegion.of("XX123").value == "XX123"
    assert RfRegion.of("x" * 64)


@pytest.mark.parametrize("value", ["", "x" * 65, None, 868])
def test_fails_when_it_is_no_name(value):
    with pytest.raises(FuotaValidationError, match="rf-region"):
        RfRegion.of(value)
