"""When devices of fleets were heard last, which bricks are not any more once they have the image."""

import pytest

from fuota_constructs.local.fleet import Fleet, FleetError
from fuota_constructs.local.fleet.device import Device


def devices(bricks: float, count: int = 1000) -> list[Device]:
    fleet = Fleet.from_dict({"cohorts": [{"count": count, "bricks": bricks}]})
    return [Device(fleet.cohorts[0], str(number), number, 1, bytes(16)) for number in range(count)]


@pytest.mark.parametrize("share", [0, 0.02, 0.5, 1])
def test_so_many_are_bricks(share: float) -> None:
    assert sum(device.is_brick for device in devices(share)) == pytest.approx(1000 * share, abs=3)


def test_each_sends_at_a_time_of_its_own() -> None:
    heard = [device.last_uplink(10_000, 120) for device in devices(0, 50)]
    assert len(set(heard)) == 50
    assert all(9880 < moment <= 10_000 for moment in heard)
    assert [device.last_uplink(10_120, 120) for device in devices(0, 50)] == pytest.approx(
        [each + 120 for each in heard]
    )


def test_fails_for_a_share_that_is_none() -> None:
    with pytest.raises(FleetError, match="bricks"):
        devices(2)
