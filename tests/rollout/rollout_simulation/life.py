"""The life of a rollout: deployed, started, disturbed, redriven, ended and taken away."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from simulation.virtual_time import START

from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup
from rollout_simulation.deployments import Stack
from rollout_simulation.network import BUCKET, devices_of, there
from rollout_simulation.operators import NAME, Operator
from rollout_simulation.state_machines import ROLLOUT
from rollout_simulation.weather import Weather
from rollout_simulation.world import TABLE, Seams, World

if TYPE_CHECKING:
    from rollout_simulation.state_machines import Execution

MINUTE, HOUR, DAY = 60, 3600, 86_400
MOST_REDRIVES = 8
EXECUTION = "first"
COMPARED = ("status", "waves")


def settings_of(seed: int, world: World) -> dict[str, Any]:
    """Settings of a rollout, as the construct writes them; the same for the same seed."""
    chance = random.Random(f"{seed} settings")
    bake = chance.choice([10 * MINUTE, 2 * HOUR, DAY])
    waves: list[dict[str, Any]] = [
        {"name": "canary", "devices": chance.randint(1, 3), "bakeSeconds": bake, "approval": chance.random() < 0.3},
        {"name": "half", "percent": 50, "bakeSeconds": bake},
        {"name": "rest", "percent": 100, "bakeSeconds": 10 * MINUTE},
    ]
    world.network.objects["devices.txt"] = "\n".join(world.fleet.fates).encode()
    world.network.objects["v2.bin"] = bytes(1000)
    window = {"startSecond": 22 * HOUR, "durationSeconds": 6 * HOUR, "offsets": [[0, HOUR]]}
    return {
        "rollout": NAME,
        "targets": {"listBucket": BUCKET, "listKey": "devices.txt"},
        "waves": waves[: chance.choice([1, 2, 3, 3])] if chance.random() < 0.8 else waves[:1],
        "image": {"uri": "s3://fleet-firmware/v2.bin", "sizeBytes": 1000, "role": "arn:aws:iam::123456789012:role/r"},
        "session": {
            "rfRegion": "EU868",
            "dlClass": "ClassC",
            "fragmentSizeBytes": 40,
            "fragmentIntervalMs": chance.choice([10_000, 60_000]),
            "redundancyPercent": 40,
            "plannedLoss": 0.1,
        },
        "gate": {"success": 0.7, "confidence": 0.8, "mostSilent": 0, "silentAfterSeconds": 10 * MINUTE},
        "retries": chance.choice([0, 1, 2]),
        "mostRedundancyPercent": 100,
        "setup": {"share": 0.9, "deadlineSeconds": DAY},
        **({"window": window} if chance.random() < 0.3 else {}),
    }


class Life:
    """A rollout from its deployment to the end of its stack."""

    def __init__(self, world: World, undisturbed: World | None) -> None:
        self.world, self.undisturbed = world, undisturbed
        self.output: dict[str, Any] = {}
        self.is_comparable = True
        self.is_over = False

    def live(self) -> None:
        """Live it."""
        world = self.world
        world.time.running.group = "main"
        self.stack, self.operator = Stack(world, TABLE), Operator(world, TABLE)
        self.settings = settings_of(world.seed, world)
        weather, world.weather = world.weather, world.weather.calm()
        self.stack.create(self.settings)
        world.weather = weather
        execution = world.machines.start(ROLLOUT, EXECUTION, json.dumps(self.settings))
        if self.undisturbed is not None:
            self._disturb()
        self._see_to_its_end(execution)
        self._take_down()

    # ---- disturbances ----

    def _disturb(self) -> None:
        weather = self.world.weather
        for happening, times in (
            (self._stop, weather.stops),
            (self._deny, weather.denials),
            (self._speak, weather.words),
            (self._rival, weather.rivals),
            (self._deploy, weather.deployments),
            (self._meddle, weather.strangers),
            (self._destroy, weather.destroyed),
        ):
            for _ in range(times):
                self.world.time.spawn(lambda do=happening: self.is_over or do(), after=self._moment(), group="operator")

    def _moment(self) -> float:
        """Some time: any, during a session, or when much happens."""
        assert self.undisturbed is not None
        chance, moments = self.world.chance, self.undisturbed.moments
        sessions = sorted(self.undisturbed.judge.sessions.values())
        match chance.choice(["any", "session", "busy", "busy"]):
            case "session" if sessions:
                return chance.uniform(*chance.choice(sessions)) - START
            case "any":
                return chance.uniform(0, moments[-1])
        return max(0.0, chance.choice(moments) + chance.uniform(-2, 20))

    def _running(self) -> Execution | None:
        found = [each for each in self.world.machines.of(ROLLOUT) if each.status == "RUNNING"]
        return found[-1] if found else None

    def _stop(self) -> None:
        execution = self._running()
        if execution is None:
            return
        child = execution.child
        if child is not None and self.world.chance.random() < 0.3:
            self.world.weather.counts["stop of a wave"] += 1
            child.stop("Stopped", "by hand")
        else:
            self.world.weather.counts[f"stop in {execution.state}"] += 1
            self.world.machines.stop(execution, "Stopped", "by hand")

    def _deny(self) -> None:
        operation = self.world.chance.choice(
            [
                *("CreateMulticastGroup", "CreateFuotaTask", "GetFuotaTask", "StartFuotaTask", "ListWirelessDevices"),
                *("AssociateWirelessDeviceWithMulticastGroup", "DeleteFuotaTask", "DeleteMulticastGroup"),
                *("DisassociateWirelessDeviceFromMulticastGroup", "PutObject", "GetItem", "UpdateItem", "GetObject"),
            ]
        )
        self.world.note(f"{operation} is denied")
        self.world.weather.counts["denial"] += 1
        self.world.network.denied_until[operation] = self.world.time.now + self.world.chance.choice(
            [60, 1800, 6 * HOUR]
        )

    def _speak(self) -> None:
        chance = self.world.chance
        word = chance.choice(["hold", "hold", "resume", "approve", "skip", "abort"])
        taken = self.operator.say(word, end_sessions=word == "abort" and chance.random() < 0.3)
        if taken and word in {"skip", "abort"}:
            self.is_comparable = False
            if chance.random() < 0.3:
                self.operator.say(word)
        if taken and word == "hold":
            self.world.time.sleep(chance.uniform(60, 6 * HOUR))
            self.operator.say("resume")

    def _rival(self) -> None:
        if self._running() is not None and not self.world.is_stack_going:
            name = f"rival-{self.world.chance.getrandbits(32):08x}"
            self.world.weather.counts["rival started"] += 1
            self.world.machines.start(ROLLOUT, name, json.dumps(self.settings))

    def _deploy(self) -> None:
        world = self.world
        if world.is_stack_going:
            return
        is_running = world.control().get("Status") == "RUNNING" and self._running() is not None
        if world.chance.random() < 0.5:
            if failed := self.stack.update(dict(self.settings)):
                world.weather.counts["deployment of the same failed"] += 1
                if not world.weather.storm and not world.weather.denials:
                    world.violation("deployment of the same refused", failed)
            return
        changed = {**self.settings, "retries": self.settings["retries"] + 1}
        # It may have been deployed already, while the execution had failed and was not redriven yet.
        is_other = self.stack.settings != changed
        failed = self.stack.update(changed)
        if is_running and is_other and not failed and self._running() is not None:
            world.violation("changed under way", "a deployment with other settings went through")
        world.weather.counts["deployment refused" if failed else "deployment"] += 1

    def _meddle(self) -> None:
        """Somebody deletes a device, or has one in a session of their own."""
        world = self.world
        self.is_comparable = False
        devices = there(world.network)
        device = world.chance.choice(sorted(devices))
        if world.chance.random() < 0.5:
            world.weather.counts["device deleted"] += 1
            state = world.network.state
            for owner in (*state.all(FuotaTask).values(), *state.all(MulticastGroup).values()):
                if device in owner.wireless_device_ids:
                    owner.wireless_device_ids.remove(device)
            state.remove(devices[device])
            return
        world.weather.counts["session of a stranger"] += 1
        task = world.network.state.add(FuotaTask, world.time.now, {"LoRaWAN": {}})
        task.wireless_device_ids.append(device)
        task.start_time = world.time.now + 1800
        task.done_time = task.start_time + world.chance.choice([HOUR, DAY])
        world.judge.after("StartFuotaTask", task.id)
        assert devices_of(world.network, task) == {device}

    def _destroy(self) -> None:
        self.world.note("the stack is deleted")
        self.world.weather.counts["stack deleted under way"] += 1
        self.is_comparable = False
        self.stack.delete()

    # ---- the end ----

    def _see_to_its_end(self, execution: Execution) -> None:
        world = self.world
        while True:
            while not execution.over.wait(400 * DAY):
                world.violation("no end", f"{execution} is in {execution.state}")
                return
            if world.is_stack_going:
                return
            if execution.status == "SUCCEEDED":
                self.output = json.loads(execution.output)
                return
            self._judge_failure(execution)
            if execution.redrives >= MOST_REDRIVES:
                world.violation("never ends well", f"{execution}: {execution.error} {execution.cause}")
                return
            # Somebody looks why, waits until it is mended, and redrives; or gives up.
            if world.chance.random() < 0.1:
                world.weather.counts["given up"] += 1
                self.is_comparable = False
                return
            child = execution.child
            world.time.sleep(world.chance.choice([1, 30, HOUR, 8 * HOUR]) * world.chance.uniform(0.5, 1.5))
            if child is not None and child.status in {"FAILED", "ABORTED"} and world.chance.random() < 0.1:
                world.weather.counts["wave redriven by itself"] += 1
                child.redrive()
                world.time.sleep(world.chance.uniform(0, 600))
            if world.is_stack_going:
                return
            if execution.redrives == MOST_REDRIVES - 1:
                # Before the last try they wait for what is denied, which may be hours; a failure after that is ours.
                world.time.sleep(max([0.0, *(until - world.time.now for until in world.network.denied_until.values())]))
            world.weather.counts["redrive"] += 1
            execution.redrive()

    def _judge_failure(self, execution: Execution) -> None:
        """Where nothing but stops was amiss, nothing else may have ended it."""
        weather, child = self.world.weather, execution.child
        is_stopped = "ABORTED" in (execution.status, child.status if child else "")
        amiss = (weather.storm, weather.denials, weather.refused_starts, weather.unheard_starts, weather.strangers)
        if not is_stopped and not any(amiss):
            self.world.violation("failed for nothing", f"{execution.error} {execution.cause}")

    def _take_down(self) -> None:
        world = self.world
        self.is_over = True
        world.weather = world.weather.calm()
        world.network.denied_until.clear()
        world.time.sleep(2 * HOUR)
        if self.output:
            # What was stopped or killed on the way has had its time.
            world.judge.leaks("after its end")
            expected = None
            if self.undisturbed is not None and self.is_comparable:
                expected = {name: self.undisturbed_output[name] for name in COMPARED}
            world.judge.outcome(self.output, EXECUTION, expected)
            world.judge.airtime_after_abort()
        elif not world.is_stack_going:
            self._next_one()
        for _ in range(3):
            if self.stack.delete():
                break
        else:
            world.violation("stack cannot be deleted", "")
        world.time.sleep(2 * HOUR)
        world.judge.leaks("after its stack")

    def _next_one(self) -> None:
        """The next rollout takes away what was left, and ends as ever."""
        world = self.world
        world.note("the next one")
        world.time.sleep(world.chance.choice([60, 2 * HOUR, 10 * DAY]))
        [dead] = [each for each in world.machines.of(ROLLOUT) if each.name == EXECUTION]
        if world.chance.random() < 0.4:  # somebody has not heard that it was given up
            world.time.spawn(dead.redrive, after=world.chance.uniform(60, 2 * HOUR))
        if name := self.operator.start():
            execution = world.machines.of(ROLLOUT)[0]
            assert execution.name == name
            execution.over.wait(400 * DAY)
            if execution.status != "SUCCEEDED":
                world.violation("the next one fails", f"{execution.status} {execution.error} {execution.cause}")
            world.time.sleep(HOUR)
            world.judge.leaks("after the next one")

    undisturbed_output: dict[str, Any]


def lived(seed: int, weather: Weather, undisturbed: World | None = None, output: Any = None) -> Life:
    """Live one life."""
    world = World(seed, weather)
    life = Life(world, undisturbed)
    if output is not None:
        life.undisturbed_output = output
    with Seams(world):
        world.time.run(life.live)
    return life


def run(seed: int, weather: Weather | None = None) -> World:
    """Live a life undisturbed, then with what its weather brings; both have the same devices."""
    calm = lived(seed, Weather())
    if calm.world.violations:
        return calm.world
    drawn = weather or Weather.of(random.Random(f"{seed} drawn"))
    return lived(seed, drawn, calm.world, calm.output).world
