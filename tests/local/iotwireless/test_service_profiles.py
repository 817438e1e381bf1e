"""Service profiles: what was given, over what the network has."""

# The example of get-service-profile in the AWS CLI's reference.
EXAMPLE = {
    "HrAllowed": False,
    "NwkGeoLoc": False,
    "DrMax": 15,
    "UlBucketSize": 4096,
    "PrAllowed": False,
    "ReportDevStatusBattery": False,
    "DrMin": 0,
    "DlRate": 60,
    "AddGwMetadata": False,
    "ReportDevStatusMargin": False,
    "MinGwDiversity": 1,
    "RaAllowed": False,
    "DlBucketSize": 4096,
    "DevStatusReqFreq": 24,
    "TargetPer": 5,
    "UlRate": 60,
}
# Defaults in the documentation of LoRaWANServiceProfile.
DEFAULTS = {"TxPowerIndexMin": 0, "TxPowerIndexMax": 15, "NbTransMin": 0, "NbTransMax": 3}


def test_a_profile_has_the_networks_values(client):
    for given in ({}, {"LoRaWAN": {}}):
        profile = client.get_service_profile(Id=client.create_service_profile(**given)["Id"])
        assert profile["LoRaWAN"] == {**EXAMPLE, **DEFAULTS}


def test_what_was_given_stands_over_them(client):
    given = {"AddGwMetadata": True, "DrMin": 2, "DrMax": 5, "PrAllowed": True, "RaAllowed": True, "NbTransMax": 1}
    profile = client.get_service_profile(Id=client.create_service_profile(LoRaWAN=given)["Id"])
    assert profile["LoRaWAN"] == {**EXAMPLE, **DEFAULTS, **given}
