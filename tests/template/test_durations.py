"""Durations as numbers: what the CDK's multiplication of floats leaves behind is no fraction that somebody meant."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest

from fuota_constructs import Applied, DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion, RolloutWave
from fuota_constructs.template.durations import known_milliseconds, known_seconds, without_float_error

Synth = Callable[[cdk.Stack], Any]


@pytest.mark.parametrize(
    ("number", "meant"),
    [(7920.000000000001, 7920), (60479.99999999999, 60480), (1.5, 1.5), (1500.5, 1500.5), (0, 0), (0.0, 0), ("a", "a")],
)
def test_a_number_is_whole_where_only_the_multiplication_made_it_a_fraction(number: object, meant: object) -> None:
    exact = without_float_error(number)
    assert exact == meant
    assert isinstance(exact, float) == (meant in {1.5, 1500.5})


def test_a_token_stays_one() -> None:
    token = cdk.Token.as_number({"Ref": "Milliseconds"})
    assert without_float_error(token) is token
    assert known_seconds(cdk.Duration.seconds(token)) is None
    assert known_milliseconds(cdk.Duration.millis(token)) is None


@pytest.mark.parametrize("value", [7, "7 s", None], ids=str)
def test_no_duration_has_no_length(value: object) -> None:
    assert (known_seconds(value), known_milliseconds(value)) == (None, None)


def test_every_unit_may_be_given_in_fractions(
    stack: cdk.Stack, image: FirmwareImage, synth: Callable[[cdk.Stack], Any]
) -> None:
    assert RolloutWave.devices(1, bake=cdk.Duration.hours(2.2)).bake_seconds == 7920
    assert Applied.version("2.4.0", within=cdk.Duration.days(0.7)).within_seconds == 60_480
    group = MulticastGroup(
        stack,
        "Group",
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        participating_gateways=["gateway"],
        transmission_interval=cdk.Duration.seconds(16.1),
    )
    FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        multicast_groups=[group],
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.minutes(1.1),
    )
    template = synth(stack)
    assert template.properties("Custom::MulticastGroupSettings")["ParticipatingGateways"] == {
        "GatewayList": ["gateway"],
        "TransmissionInterval": 16_100,
    }
    assert template.properties("Custom::FuotaTask")["FragmentIntervalMS"] == 66_000
