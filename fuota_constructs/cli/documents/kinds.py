"""What the fields of documents are made of: a text beside a type describes the field, `Also` is more of its schema."""

import json
from typing import Annotated, Any, Literal, NotRequired, TypedDict


class Also(dict[str, Any]):
    """More of the schema of a field."""

    def __hash__(self) -> int:  # type: ignore[override]  # other dicts have none
        """A part of a union has to have one."""
        return hash(json.dumps(self, sort_keys=True))


Share = Annotated[float, Also({"minimum": 0, "maximum": 1}), "a share of 1"]
Count = Annotated[int, Also({"minimum": 0})]
Amount = Annotated[float, Also({"minimum": 0})]
Text = Annotated[str, Also({"minLength": 1})]
Moment = Annotated[
    str,
    Also({"format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}),
    "ISO 8601, with its zone",
]
RfRegion = Annotated[str, Also({"minLength": 1}), "LoRaWAN region under the name AWS gives it"]
Sha256 = Annotated[str, Also({"pattern": "^[0-9a-f]{64}$"})]
AccountId = Annotated[str, Also({"pattern": "^[0-9]{12}$"})]
Percent = Annotated[int, Also({"minimum": 0, "maximum": 100})]

Level = Annotated[
    Literal["passed", "warning", "failed", "open"],
    "passed: all is well; warning: it works, and something speaks against it; failed: it does not do what was asked;"
    " open: nothing can be said yet",
]
DevicesByStatus = Annotated[dict[str, Count], "devices by FuotaDeviceStatus; only those statuses that some device has"]


class Place(TypedDict):
    """Where a command looked."""

    name: Annotated[str, "for people"]
    cloud: Annotated[Literal["aws", "local", "other"], "other: an endpoint that is not AWS's"]
    region: Annotated[str, "AWS Region"]
    account: str | None
    profile: str | None
    port: Annotated[int | None, "of a local cloud"]
    endpoint: str | None


class SessionPlan(TypedDict):
    """A session in figures; null is what is not limited or not known."""

    rf_region: RfRegion
    data_rate: Annotated[int, "index of the downlink data rate"]
    data_rate_name: str
    dl_class: Literal["ClassB", "ClassC"]
    frequency_hz: Annotated[int | None, "null where the region's channel plan decides"]
    image_bytes: Count
    fragment_size_bytes: Count
    redundancy_percent: Percent
    fragment_interval_seconds: Annotated[int, Also({"minimum": 1}), "as the service rounds it"]
    gateways: Annotated[int, Also({"minimum": 1})]
    gateway_spacing_seconds: Amount
    loss_share: Annotated[Share, "share of the fragments a device is assumed to lose"]
    missed_share: Annotated[Share, "with those that no ping slot or no airtime is left for"]
    ts004_version: Literal[1, 2]
    fragments: Annotated[Count, "sent in all, data and coded"]
    data_fragments: Count
    coded_fragments: Count
    padding_bytes: Count
    fragment_airtime_seconds: Amount
    total_airtime_seconds: Amount
    transmission_limit_seconds: Annotated[float | None, "longest single downlink"]
    duty_cycle_used_share: Amount
    duty_cycle_limit_share: Annotated[float | None, "share of 1"]
    gateway_silence_seconds: Annotated[Amount, "from the begin of a fragment until a gateway may send the next"]
    smallest_fragment_interval_seconds: Annotated[int, Also({"minimum": 1})]
    duration_seconds: Count
    service_window_seconds: Annotated[Count, "after that the service ends the session"]
    device_window_seconds: Annotated[int | None, "after that a TS005-1.0.0 class C device ends it"]
    ping_slot_seconds: Annotated[float | None, "from one ping slot to the next, on average; class B"]
    cut_off: Annotated[str | None, "who ends the session before its last fragment"]
    decode_probability: Annotated[Share, "share of the devices that put the image together; 0 where it is cut off"]
    receive_seconds: Amount
    receive_milliampere_hours: Amount
    receive_joules: Amount
    receive_milliamperes_assumed: Amount
    supply_volts_assumed: Amount


class TaskName(TypedDict):
    """A FUOTA task."""

    id: Text
    name: str | None
    arn: Text


class Verdict(TypedDict):
    """What it comes to, why, and what to do."""

    level: Level
    summary: Annotated[Text, "one sentence"]
    causes: list[str]
    remedies: list[str]


class Finding(TypedDict):
    """What a rule has to say."""

    rule: Annotated[Text, "id of the rule"]
    level: Literal["error", "warning"]
    message: Text


class Assumed(TypedDict):
    """What nobody said, and how it was chosen instead."""

    data_rate: NotRequired[str]
    fragment_size: NotRequired[str]
    interval: NotRequired[str]
    redundancy: NotRequired[str]
