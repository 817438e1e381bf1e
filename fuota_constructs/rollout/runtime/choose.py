"""The first step of a rollout: who is updated, in which order, in which wave."""

from typing import Any

from clean import taken_away
from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, WAIT, Turn

from fuota_constructs.lorawan.fleet_waves import WaveSize, ranked, wave_sizes

SECONDS_TO_DELETE = 60
"""Between two looks whether the service has deleted what an execution left that died."""


class NobodyToUpdateError(Exception):
    """The targets of the rollout have no device."""


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Take a snapshot of the targets, once: devices that join later are not in it.

    Raises:
        AnotherRolloutRunsError: another execution of this rollout is under way.
        NobodyToUpdateError: there is nobody to update.
    """
    task, group = word.predecessor()
    if (next_ := taken_away(task, group, calls, spare_session=False)) != DONE:
        return {"next": next_, "seconds": SECONDS_TO_DELETE if next_ == WAIT else 0}
    word.take_charge()
    record = WaveRecord(turn, calls)
    targets = record.targets()
    if targets is None:
        devices = ranked(_devices(turn.settings["targets"], calls), turn.execution)
        if not devices:
            reason = _nobody(turn.settings["targets"])
            OperatorWord(turn, calls).tell(Status="FAILED", Reason=reason)
            raise NobodyToUpdateError(reason)
        waves = [WaveSize(wave.get("devices"), wave.get("percent")) for wave in turn.settings["waves"]]
        targets = {"devices": devices, "sizes": wave_sizes(len(devices), waves)}
        record.keep_targets(targets)
    return {"next": DONE, "wave": 0, "sizes": targets["sizes"], "devices": len(targets["devices"])}


def _nobody(targets: dict[str, Any]) -> str:
    if profile := targets.get("deviceProfileId"):
        return f"nobody to update: no wireless device has the device profile {profile}; is that its id, and not a name?"
    if groups := targets.get("multicastGroupIds"):
        return f"nobody to update: no wireless device is in {', '.join(groups)}; put devices into the groups first"
    return "nobody to update: the list of devices is empty"


def _devices(targets: dict[str, Any], calls: RolloutCalls) -> list[str]:
    if key := targets.get("listKey"):
        return (calls.text(key, targets["listBucket"]) or "").split()
    if profile := targets.get("deviceProfileId"):
        return [device["Id"] for device in calls.devices(DeviceProfileId=profile)]
    return [device["Id"] for group in targets["multicastGroupIds"] for device in calls.devices(MulticastGroupId=group)]
