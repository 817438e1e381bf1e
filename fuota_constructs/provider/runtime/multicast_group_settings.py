"""`Custom::MulticastGroupSettings`: the devices, gateways and default session of a multicast group.

The group is another resource, or of another stack: nothing here makes or deletes one. Its id is in the physical id, so
that another group is another resource, and CloudFormation has the former one emptied.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import group_service
import resource_tags
import stack_record
import stored_object
from aws_calls import AwsCalls
from charge import PROMPT_SECONDS, Charge, SupersededError
from group_properties import (
    GroupProperties,
    ListedDevices,
    former_group_properties,
    group_properties,
    unknown_properties,
)
from protocol import CREATE_FAILED, Log, Outcome, ProviderError, Request
from settings_plan import NOTHING, ActualGroup, Declared, SettingsPlan, left_over, lorawan_of, plan_settings
from task_tags import LOGICAL_ID, STACK_ID, owner

PHYSICAL_ID = "fuota-constructs:settings-of:"
DELETE_PATIENCE_SECONDS = 30
SECONDS_BETWEEN_LOOKS = 1.0
# A list of 100,000 devices has 3.7 MB; a group takes 2,000 of them.
MAX_LIST_BYTES = 8 * 1024 * 1024


def create(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Set the group up and have its devices join.

    When that fails halfway, CloudFormation is told the id of the group, and its Delete takes the devices out again.
    """
    calls.be_patient()
    desired = _desired(request, log)
    return _Settings(request, desired.group, calls, log).bring_to(desired, NOTHING)


def update(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Change the difference, in the same group; or set another group up, and CloudFormation has the former one emptied.

    The Update that follows a failed one has the properties the other way round. It takes back what that one got done,
    and empties the other group if that one was to have the devices.

    Raises:
        ProviderError: the group is in a session, and the change is one of its devices or settings.
    """
    calls.be_patient()
    desired, before = _desired(request, log), former_group_properties(request.old_properties)
    settings = _Settings(request, desired.group, calls, log)
    if desired.group != _group_of(request.physical_id):
        return settings.bring_to(desired, NOTHING)
    if before.group == desired.group:
        return settings.bring_to(desired, _former(before, request, calls, log))
    outcome = settings.bring_to(desired, NOTHING)
    if before.group:
        _Settings(request, before.group, calls, log).empty(before)
    return outcome


def delete(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Have the devices leave the group that the template had join; what a cut-off Create left, too."""
    calls.be_patient(DELETE_PATIENCE_SECONDS)
    if request.physical_id == CREATE_FAILED:
        return Outcome(CREATE_FAILED)
    declared = former_group_properties(request.properties)
    # CloudFormation makes up an id where it did not wait for the answer of a Create.
    group = _group_of(request.physical_id) or declared.group
    if group and not _is_in_use_again(request, calls, log):
        _Settings(request, group, calls, log).empty(declared)
    return Outcome(request.physical_id or CREATE_FAILED)


ACTIONS: Mapping[str, Callable[[Request, AwsCalls, Log], Outcome]] = {
    "Create": create,
    "Update": update,
    "Delete": delete,
}


class _Settings:
    """What one request does to one group."""

    def __init__(self, request: Request, group: str, calls: AwsCalls, log: Log) -> None:
        self._request, self._group, self._calls, self._log = request, group, calls, log
        self._charge = Charge(request, calls, log, seconds_between_looks=SECONDS_BETWEEN_LOOKS)

    def bring_to(self, desired: GroupProperties, former: Declared) -> Outcome:
        """Bring the group to what the template says."""
        self._charge.check_awaited()
        wanted = _declared(desired, self._calls)
        arn = self._expect().arn
        outcome = Outcome(f"{PHYSICAL_ID}{self._group}")
        with self._charge.briefly(arn):
            # Read when it is in charge: an older request may have been at work until then.
            actual = self._expect(with_members=True)
            plan = plan_settings(wanted, former, actual)
            if not group_service.is_pending(actual.status):
                self._refuse_or_leave(plan, actual)
                plan = SettingsPlan()
            if self._request.kind == "Create":
                self._request.id_if_failed = outcome.physical_id
            if desired.is_imported:
                self._own(actual)
            self._change(plan, former, actual)
        if plan:
            self._log.info("set up the group", joined=len(plan.join), left=len(plan.leave))
        return outcome

    def empty(self, declared: GroupProperties) -> None:
        """Have the devices of a template leave the group, and undo its settings; no group is no error.

        Raises:
            ProviderError: a Delete finds the group in a session, and its stack stays.
        """
        group = group_service.get(self._group, self._calls)
        if group is None:
            return
        arn = group["Arn"]
        if declared.is_imported and not self._is_owner(arn):
            self._log.warning("another resource has set the group up since: its devices stay", groupId=self._group)
            return
        former = self._declared_once(declared)
        with self._charge.briefly(arn):
            actual = self._read(with_members=True)
            if actual is not None:
                self._leave(actual, former)
            if declared.is_imported:
                resource_tags.untag(arn, list(owner("", "")), self._calls)

    def _declared_once(self, declared: GroupProperties) -> Declared:
        """What a template said; without its list, if that is gone and the group goes, too."""
        try:
            return _declared(declared, self._calls)
        except Exception as error:
            goes = not declared.is_imported and self._request.kind == "Delete"
            if not (goes and stack_record.is_surely_deleting_the_stack(self._request, self._calls, self._log)):
                raise
            self._log.warning("could not read the list of devices: they go with the group", cause=error)
            return Declared(declared.fields, declared.devices)

    def _leave(self, actual: ActualGroup, former: Declared) -> None:
        plan = plan_settings(NOTHING, former, actual)
        if plan and not group_service.is_pending(actual.status):
            if self._request.kind == "Update":
                # It was refused because of the session, or joined before; a rollback must not fail on what it left.
                self._log.warning("the group is in a session, and keeps its devices", groupId=self._group)
                return
            if not stack_record.is_deleting_the_stack(self._request, self._calls, self._log):
                raise _in_session(actual, ["WirelessDeviceIds"])
            # With the stack go its tasks, and with them their sessions.
            plan = SettingsPlan(leave=plan.leave)
        group_service.move(self._group, join=(), leave=plan.leave, calls=self._calls)
        try:
            self._change(SettingsPlan(clear=plan.clear), former, actual)
        except SupersededError:
            raise
        except Exception as error:  # noqa: BLE001  # the devices are out, and the group may go next
            self._log.warning("could not undo the settings of the group", groupId=self._group, cause=error)

    def _change(self, plan: SettingsPlan, former: Declared, actual: ActualGroup) -> None:
        if lorawan := lorawan_of(plan, actual):
            group_service.set_up(self._group, lorawan, self._calls)
        if plan.clear:
            self._check_cleared(plan, former)
        group_service.move(self._group, join=plan.join, leave=plan.leave, calls=self._calls)

    def _check_cleared(self, plan: SettingsPlan, former: Declared) -> None:
        # That an empty structure clears a default session is documented nowhere, so the group is asked.
        left = left_over(plan, former, self._expect())
        if not left:
            return
        names = " and ".join(left)
        if self._request.kind == "Delete" or stack_record.is_rolling_back(self._request, self._calls, self._log):
            self._log.warning("the service does not clear this of the group", groupId=self._group, names=names)
            return
        raise ProviderError(
            f"{names} left the template, and the service keeps it at multicast group {self._group}. Give the value "
            "that its sessions shall have, or make a new group (another construct id), and deploy again"
        )

    def _refuse_or_leave(self, plan: SettingsPlan, actual: ActualGroup) -> None:
        """Refuse what the template changes; what others changed waits until the session is over."""
        if plan.changed:
            raise _in_session(actual, plan.changed)
        if plan:
            self._log.warning(
                "the group is not as the template says, and in a session: it stays so", groupId=self._group
            )

    def _own(self, actual: ActualGroup) -> None:
        """Note who sets an imported group up, so that the Delete of a resource that was renamed leaves its devices."""
        if not self._is_owner(actual.arn):
            tags = owner(self._request.stack_id, self._request.logical_id)
            resource_tags.tag(actual.arn, tags, self._calls)

    def _is_owner(self, arn: str) -> bool:
        tags = resource_tags.tags(arn, self._calls)
        found = (tags.get(STACK_ID), tags.get(LOGICAL_ID))
        return found == (self._request.stack_id, self._request.logical_id)

    def _expect(self, *, with_members: bool = False) -> ActualGroup:
        actual = self._read(with_members=with_members)
        if actual is None:
            raise ProviderError(
                f"multicast group {self._group} cannot be set up: there is none in this account and Region, or it is "
                "being deleted. Correct its id, or make a new group (another construct id), and deploy again"
            )
        return actual

    def _read(self, *, with_members: bool) -> ActualGroup | None:
        group = group_service.get(self._group, self._calls)
        if group is None:
            return None
        members = group_service.members(self._group, self._calls) if with_members else ()
        return ActualGroup(self._group, group["Arn"], group.get("Status", ""), group.get("LoRaWAN") or {}, members)


def _in_session(actual: ActualGroup, what: Sequence[str]) -> ProviderError:
    return ProviderError(
        f"multicast group {actual.id} is {actual.status}, and {' and '.join(what)} cannot change during a session. "
        f"Wait until the group is Pending again (aws iotwireless get-multicast-group --id {actual.id}) and deploy again"
    )


def _group_of(physical_id: str) -> str:
    return physical_id.removeprefix(PHYSICAL_ID) if physical_id.startswith(PHYSICAL_ID) else ""


def _desired(request: Request, log: Log) -> GroupProperties:
    if unknown := unknown_properties(request.properties):
        log.warning("properties that this version of the provider does not know are ignored", names=unknown)
    return group_properties(request.properties)


def _former(before: GroupProperties, request: Request, calls: AwsCalls, log: Log) -> Declared:
    """What the template said before. A rollback must not fail on a list that could not be read in the first place."""
    try:
        return _declared(before, calls)
    except Exception as error:
        if not stack_record.is_rolling_back(request, calls, log):
            error.add_note("without the former list it is not known which devices have to leave the group")
            raise
        log.warning("could not read the list of devices of the update that is rolled back", cause=error)
        return Declared(before.fields, before.devices)


def _declared(properties: GroupProperties, calls: AwsCalls) -> Declared:
    listed = _read_list(properties.listed, calls) if properties.listed else ()
    return Declared(properties.fields, tuple(dict.fromkeys((*listed, *properties.devices))))


def _read_list(listed: ListedDevices, calls: AwsCalls) -> tuple[str, ...]:
    where = f"s3://{listed.bucket}/{listed.key}"
    try:
        content = calls.until_permitted(lambda: stored_object.read(listed.bucket, listed.key, MAX_LIST_BYTES, calls))
    except Exception as error:
        error.add_note(f"reading {where}, which must exist: publish the assets of this app again (cdk deploy does)")
        raise
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != listed.sha256:
        raise ProviderError(
            f"{where} is not the list of devices that was synthesised: it has SHA-256 {sha256}, expected is "
            f"{listed.sha256}. Synthesise and deploy again"
        )
    return tuple(content.decode().split())


def _is_in_use_again(request: Request, calls: AwsCalls, log: Log) -> bool:
    """Whether the resource is on record as made: then Lambda has delivered an old Delete once more."""
    if request.mark.age(calls.epoch()) <= PROMPT_SECONDS:
        return False
    record = stack_record.read(request, calls, log)
    return (
        record is not None
        and record.physical_id == request.physical_id != ""
        and not record.status.startswith("DELETE_")
    )
