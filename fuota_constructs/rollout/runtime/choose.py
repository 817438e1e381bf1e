"""The first step of a rollout: who is updated, in which order, in which wave."""

from collections.abc import Mapping
from typing import Any

from clean import cleaned
from operator_word import Made, OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, Turn

from fuota_constructs.lorawan.fleet_waves import WaveSize, ranked, wave_sizes


class NobodyToUpdateError(Exception):
    """The targets of the rollout have no device."""


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Take a snapshot of the targets, once: devices that join later are not in it.

    Raises:
        AnotherRolloutRunsError: another execution of this rollout is under way.
        NobodyToUpdateError: there is nobody to update.
    """
    word.take_charge()
    word = OperatorWord(turn, calls)
    if former := word.former:
        found = _taken_away(former, turn, calls)
        if found["next"] != DONE:
            return {name: found[name] for name in ("next", "seconds", "former")}
        word.tell(Former="")
    record = WaveRecord(turn, calls)
    targets = record.targets()
    if targets is None:
        devices = ranked(_devices(turn.settings["targets"], calls), turn.execution)
        if not devices:
            reason = _nobody(turn.settings["targets"], calls)
            OperatorWord(turn, calls).tell(Status="FAILED", Reason=reason)
            raise NobodyToUpdateError(reason)
        waves = [WaveSize(wave.get("devices"), wave.get("percent")) for wave in turn.settings["waves"]]
        targets = {"devices": devices, "sizes": wave_sizes(len(devices), waves)}
        record.keep_targets(targets)
    return {"next": DONE, "wave": 0, "sizes": targets["sizes"], "devices": len(targets["devices"])}


def _taken_away(former: Mapping[str, Any], turn: Turn, calls: RolloutCalls) -> dict[str, Any]:
    """Take away what an execution left that died; a session of it that is on the air is waited for."""
    known = turn.state.get("former") or former["state"]
    left = Turn("clean", former["execution"], former["arn"], calls.input_of(former["arn"]), known)
    found = cleaned(left, calls, on_record=Made(), ends_sessions=False)
    return {**found, "former": {**known, **found}}


def _nobody(targets: dict[str, Any], calls: RolloutCalls) -> str:
    if profile := targets.get("deviceProfileId"):
        return f"nobody to update: no wireless device has the device profile {profile}; is that its id, and not a name?"
    if groups := targets.get("multicastGroupIds"):
        return f"nobody to update: no wireless device is in {', '.join(groups)}; put devices into the groups first"
    if calls.text(targets["listKey"], targets["listBucket"]) is None:
        at = f"s3://{targets['listBucket']}/{targets['listKey']}"
        return f"nobody to update: the list of devices is gone from {at}; `cdk deploy` publishes it again"
    return "nobody to update: the list of devices is empty"


def _devices(targets: dict[str, Any], calls: RolloutCalls) -> list[str]:
    if key := targets.get("listKey"):
        return (calls.text(key, targets["listBucket"]) or "").split()
    if profile := targets.get("deviceProfileId"):
        return [device["Id"] for device in calls.devices(DeviceProfileId=profile)]
    return [device["Id"] for group in targets["multicastGroupIds"] for device in calls.devices(MulticastGroupId=group)]
