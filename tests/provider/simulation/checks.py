"""What must be true whenever nothing is under way: the service is as the templates say, and nothing more is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.network import SESSION, SHOWN_DEFAULTS

if TYPE_CHECKING:
    from simulation.records import Record
    from simulation.world import World

# What no provider can keep from happening, and why; `docs/explanation/reliability.md` says what an operator does then.
IMPOSSIBLE = {
    "overtaken by a late request": "AWS carried a request out after boto3 had stopped waiting for it and asked again; "
    "IoT Wireless has no conditional update",
    "made twice in one second": "a cancelled Update and its rollback, signed in the same second, have no order, and "
    "with the old task gone there is nothing to write one on",
    "not found, as tags were denied": "a policy forbids to list tasks, or to read or write the tags they are found by",
    "session begun amid an update": "IoT Wireless changes a task request by request, and somebody started it between "
    "two of them; from then on nothing can change",
}
STABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
NUMBERS = ("RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS")
TEXTS = ("Name", "Descriptor", "FirmwareUpdateImage", "FirmwareUpdateRole")
OWN = "fuota-constructs:"


def check(world: World) -> None:
    """Judge a moment at which nothing is under way."""
    world.weather.counts["checks"] += 1
    stack = world.cloudformation
    if stack.status in STABLE:
        for record in stack.records.values():
            if record.resource.type == "Custom::FuotaTask":
                _check_task(world, record)
            else:
                _check_object(world, record)
    _check_leaks(world)
    _check_foreign(world)
    for name in world.network.objects.overwritten:
        world.violation("object overwritten", name)


def differences(world: World, task_id: str, properties: dict[str, Any]) -> list[str]:
    """Where a task is not as the properties say."""
    task = world.network.tasks[task_id]
    acts = world.operated.get(task_id, set())
    wanted: dict[str, Any] = {name: properties[name] for name in TEXTS if name in properties}
    wanted |= {name: int(properties[name]) for name in NUMBERS if name in properties}
    found = {name: task.details[name] for name in (*TEXTS, *NUMBERS) if name in task.details}
    if world.network.shows_defaults:  # the handler cannot tell a default from a value that was given
        found, wanted = {**SHOWN_DEFAULTS, **found}, {**SHOWN_DEFAULTS, **wanted}
    different = [
        f"{name} is {found.get(name)!r}, not {wanted.get(name)!r}"
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]
    groups, actual = set(properties["MulticastGroupIds"]), set(task.multicast_group_ids)
    if missing := groups - actual:
        different.append(f"without {len(missing)} of its groups")
    if more := actual - groups - {world.cloudformation.groups.foreign}:
        different.append(f"with {len(more)} groups that it should not have")
    tags = {tag["key"]: tag["value"] for tag in properties["Tags"]}
    for key, value in tags.items():
        if task.tags.get(key) != value:
            different.append(f"tag {key} is {task.tags.get(key)!r}")
    more_tags = [key for key in task.tags if not key.startswith(OWN) and key not in tags and key not in acts]
    return different + [f"tag {key} is left over" for key in more_tags]


def _check_task(world: World, record: Record) -> None:
    task_id = record.physical_id
    acts = world.operated.get(task_id, set())
    if world.network.status(task_id) in {None, "Delete_Waiting"}:
        if "delete" not in acts:
            world.violation("live task deleted", f"{record.resource.name} {task_id} is on record and gone")
        return
    if different := differences(world, task_id, record.properties):
        kind = "differs" if world.cloudformation.status != "UPDATE_ROLLBACK_COMPLETE" else "differs after a rollback"
        if "start during an operation" in acts:
            kind = "session begun amid an update"
        elif task_id in world.overtaken:
            kind = "overtaken by a late request"
        world.violation(kind, f"{task_id}: {'; '.join(different)}")


def _check_object(world: World, record: Record) -> None:
    properties = record.properties
    uri = f"s3://{properties['DestinationBucket']}/{properties['DestinationKey']}"
    if record.physical_id != uri:
        world.violation("wrong ids", f"{record.physical_id} for {uri}")
    stored = world.network.objects.objects.get(uri.removeprefix("s3://"))
    if stored is None or len(stored) != int(properties["SizeBytes"]):
        world.violation("object missing", uri)


def _check_leaks(world: World) -> None:
    stack = world.cloudformation
    on_record = {record.physical_id for record in stack.records.values()}
    waiting = {piece.physical_id for piece in stack._garbage} | {touch.answered_id for touch in stack._touches}
    for task_id in list(world.network.tasks):
        status = world.network.status(task_id)
        if task_id not in world.made_by or status == "Delete_Waiting":
            continue
        if task_id in on_record | waiting | stack.retained:
            continue
        if stack.status not in {*STABLE, "NONE", "ROLLBACK_COMPLETE"}:
            continue  # its turn to be deleted may still come
        request = world.made_by[task_id]
        how = f"{request.event['RequestType']} {request.event['LogicalResourceId']} ({request.operation})"
        if "start" in world.operated.get(task_id, ()):
            name = "leftover of a session" if status in SESSION or status == "FuotaDone" else "leftover"
            world.weather.counts[f"{name} seen"] += 1
            if stack.status == "NONE":
                world.violation("leftover of a session", f"{task_id} {status} {how}")
        elif task_id in stack.given_up:
            world.violation("cleanup given up", f"{task_id} {status} {how}")
        else:
            world.violation(_kind_of_leak(world, task_id), f"{task_id} {how}")


def _kind_of_leak(world: World, task_id: str) -> str:
    request = world.made_by[task_id]
    if (request.event["StackId"], request.event["LogicalResourceId"]) in world.unseen:
        return "not found, as tags were denied"
    if task_id in world.overtaken:
        return "overtaken by a late request"
    if _is_of_the_same_second(world, task_id):
        world.same_second.add(task_id)
    if task_id in world.same_second:
        return "made twice in one second"
    outcome = "cancelled" if request.cancelled else (request.answer or {}).get("Status", "unanswered").lower()
    return f"leak of a {outcome} {request.event['RequestType']}"


def _is_of_the_same_second(world: World, task_id: str) -> bool:
    """Whether it was made in place of the same task and in the same second as one on record."""

    def made(tags: dict[str, str]) -> tuple[str, str]:
        return tags.get(f"{OWN}in-place-of", ""), tags.get(f"{OWN}made-by", "").partition(".")[0]

    tasks = world.network.tasks
    on_record = [each.physical_id for each in world.cloudformation.records.values()]
    place, second = made(tasks[task_id].tags)
    return bool(place) and (place, second) in [made(tasks[each].tags) for each in on_record if each in tasks]


def _check_foreign(world: World) -> None:
    for task_id in world.foreign:
        if (
            world.network.status(task_id) != "Pending"
            or len(world.network.tasks[task_id].tags) != world.foreign[task_id]
        ):
            world.violation("foreign task touched", task_id)
