"""A FUOTA task: one firmware image for a set of LoRaWAN devices, and how it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import jsii
from aws_cdk.interfaces.aws_iotwireless import IFuotaTaskRef

from fuota_constructs import synth_checks
from fuota_constructs.firmware.firmware_properties import properties_of_task
from fuota_constructs.firmware.shared_firmware import SharedFirmware
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS
from fuota_constructs.rf_region import RfRegion, expect_rf_region
from fuota_constructs.task import imported_fuota_task, task_inputs
from fuota_constructs.template.keyword_names import naming_keywords
from fuota_constructs.template.resource_tags import ResourceTags
from fuota_constructs.template.stable_ids import path_below_stack
from fuota_constructs.template.typed_resource import bare_resource, begin_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from aws_cdk.aws_scheduler import IScheduleGroup
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef, IWirelessDeviceRef
    from aws_cdk.interfaces.aws_s3 import IBucketRef
    from aws_cdk.interfaces.aws_scheduler import IScheduleGroupRef
    from constructs import Construct

    from fuota_constructs.firmware.firmware_image import FirmwareImage
    from fuota_constructs.rules import Finding, SessionPlan
    from fuota_constructs.task.scheduled_session import ScheduledSession
    from fuota_constructs.task.session_schedule import SessionSchedule


RESOURCE_TYPE = "Custom::FuotaTask"


@jsii.implements(IFuotaTaskRef, cdk.ITaggableV2)
class FuotaTask(imported_fuota_task.FuotaTaskBase):
    """A LoRaWAN FUOTA task with all its parameters, deployed by a custom resource and checked at synth.

    CloudFormation's own `AWS::IoTWireless::FuotaTask` has no RedundancyPercent, FragmentSizeBytes, FragmentIntervalMS
    or Descriptor, and attaches nothing on create. This construct has them, attaches its targets, and refuses at `cdk
    synth` what the service or the radio would refuse later; all mistakes of all tasks are reported together, see the
    rule table. Values that are tokens, known only at deployment, are not checked.

    A deployment creates the task; it does not start it. Changing a task that waits for its session or is in it fails,
    with a message that says what to do. Sources: AWS IoT Wireless API, CreateFuotaTask; AWS IoT Wireless Developer
    Guide.
    """

    @naming_keywords
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        firmware_image: FirmwareImage,
        rf_region: RfRegion,
        fuota_task_name: str | None = None,
        description: str | None = None,
        redundancy_percent: int | None = None,
        fragment_size_bytes: int | None = None,
        fragment_interval: cdk.Duration | None = None,
        descriptor: bytes | str | None = None,
        multicast_groups: Sequence[IMulticastGroupRef] | None = None,
        wireless_devices: Sequence[str | IWirelessDeviceRef] | None = None,
        planned_loss_percent: float | None = None,
        device_stack: synth_checks.DeviceStack | str | None = None,
        firmware_bucket: s3.IBucket | IBucketRef | None = None,
        firmware_update_role: iam.IRole | iam.Role | IRoleRef | None = None,  # pyright: the CDK's Role is no IRole
        access_per_image: bool | None = None,
        adopt_fuota_task_id: str | None = None,
        allow_downgrade: bool | None = None,
        removal_policy: cdk.RemovalPolicy | None = None,
    ) -> None:
        """Make the task.

        `firmware_image`: an image of 1 to 1,048,576 bytes: `FirmwareImage.from_asset`, `.from_bucket` or `.delta`.
        `rf_region`: LoRaWAN region of the task, its groups and devices.
        `fuota_task_name`: at most 256 letters, digits, hyphens, underscores; none by default.
        `description`: at most 2048 characters; none by default.
        `redundancy_percent`: redundant fragments in percent of those of the image, 0 to 100.
        `fragment_size_bytes`: bytes of the image in one fragment, 1 to 239 and at most what the data rate carries;
        only with multicast groups.
        `fragment_interval`: time between two fragments, whole seconds from 1 s (the service rounds to the nearest
        second). As a token only in seconds or milliseconds. What the service does without these three is not
        documented.
        `descriptor`: four bytes that devices get with the setup of the session, a `Descriptor`, or their base64 text of
        at most 332 characters. A value the devices do not expect fails the session. None by default.
        `multicast_groups`: the groups to update, or `wireless_devices`: single devices to update, as their ids or
        `IWirelessDeviceRef` each; never both. None by default: add them later with `add_multicast_group` or
        `add_wireless_device`.
        `planned_loss_percent`: the share of fragments a device may lose, in percent, 0 to 99: what the rule
        `decode-probability` counts with. 10 by default; it is not sent to the service.
        `device_stack`: the stack on the devices, by name or `DeviceStack.of(...)`, which the rules check with; not
        known by default. Groups may have their own.
        `firmware_bucket`: where `from_asset` images are copied to: a `FirmwareBucket`, or any bucket or L1 of one in
        the Region of the task. By default one bucket that the tasks of the stack share. Not with `from_bucket`, which
        names its own.
        `firmware_update_role`: what the service reads the image with: a `FirmwareUpdateRole`, or any role or L1 of one
        that `iotwireless.amazonaws.com` may assume. By default one role that the tasks of the stack share.
        `access_per_image`: whether the role is given access to each image by a policy of its own, or once to all under
        `firmware/` of the bucket, where images are copied to. By default all at once for the default role on the
        default bucket, so that a release of firmware changes no permission; else to each.
        `adopt_fuota_task_id`: the id of a task that exists in this account and Region, to be managed from now on, and
        no new one made. What is given here is written into it while it is `Pending`; one that is not must have the same
        already, and its session is left alone. What was there before stays where nothing is given. Fails for a task
        that another stack manages. The task outlives a failed deployment, and then is deleted as an own one would be.
        It may be taken out later; another id adopts that task and deletes this one. None by default.
        `allow_downgrade`: whether a deployment may put firmware of a lower version over a higher one, as the files of
        `from_asset` images say. By default it fails, a rollback aside; what has no version is not compared.
        `removal_policy`: by default the task is deleted with its construct; RETAIN leaves it in the service.

        Raises `FuotaValidationError` for values of a wrong kind (a region that is no `RfRegion`, an interval that is no
        `Duration`); every other mistake is a finding, reported at synth.
        """
        begin_resource(self, scope, id)
        image = task_inputs.image_of(firmware_image, self)
        rf_region = expect_rf_region(rf_region, self)
        groups = task_inputs.targets_of("multicast_groups", multicast_groups, self)
        devices = task_inputs.targets_of("wireless_devices", wireless_devices, self)

        self._shared = shared = SharedFirmware.of(scope)
        with shared.provider.allowing_at_once():
            self._bucket = shared.bucket_of(task_inputs.own_bucket_of(image, firmware_bucket, self))
            self._role = shared.role_of(task_inputs.own_role_of(firmware_update_role, self))
            self._access = shared.access_of(self._role)
            per_image = task_inputs.flag_of("access_per_image", access_per_image, self)
            asked_by = path_below_stack(scope, id)
            readable = shared.readable(image, self._bucket, self._role, per_image=per_image, asked_by=asked_by)

        given: dict[str, object] = {
            "Name": fuota_task_name,
            "Description": description,
            "RedundancyPercent": redundancy_percent,
            "FragmentSizeBytes": fragment_size_bytes,
            "FragmentIntervalMS": task_inputs.interval_of(fragment_interval, self),
            "Descriptor": task_inputs.descriptor_of(descriptor),
        }
        self._plan = synth_checks.plan_of(
            given,
            rf_region=rf_region.value,
            image_bytes=image.size_bytes,
            image_facts=image.facts,
            image_delta=image.delta_facts,
            image_demands=image.demands,
            planned_loss_percent=planned_loss_percent,
            device_stack=synth_checks.device_stack_of(device_stack, self),
            place=shared.place,
            role_account=self._access.account if shared.place.account else None,
        )
        self._groups: dict[str, tuple[IMulticastGroupRef, Callable[[], synth_checks.GroupPlan]]] = {}
        for group in groups:
            self._take_group(group)
        self._devices, self._readable = task_inputs.device_ids(devices, self), readable

        self._resource = bare_resource(
            self,
            "Resource",
            RESOURCE_TYPE,
            {
                "ServiceToken": shared.provider.service_token,
                "ServiceTimeout": str(SERVICE_TIMEOUT_SECONDS),
                "LoRaWAN": {"RfRegion": rf_region.value},
                **readable.properties,
                "FirmwareUpdateRole": task_inputs.expect_role_arn(self._access.arn, self),
                **task_inputs.rendered(given),
                **properties_of_task(image, per_image=readable.per_image),
                "AllowDowngrade": task_inputs.flag_of("allow_downgrade", allow_downgrade, self) or None,
                "AdoptFuotaTaskId": task_inputs.adopted_id_of(adopt_fuota_task_id, self),
                "MulticastGroupIds": list(self._groups) or None,
                "WirelessDeviceIds": self._devices or None,
            },
        )
        self._tags = ResourceTags(self._resource, of_type=RESOURCE_TYPE)
        task_inputs.note_image_of(image, self, self._tags)
        readable.outlive(self._resource, has_properties=True)
        task_inputs.await_devices_of(groups, self._resource)
        if firmware_update_role:
            self.node.add_dependency(firmware_update_role)
        if (policy := task_inputs.removal_policy_of(removal_policy, self)) is not cdk.RemovalPolicy.DESTROY:
            self._resource.apply_removal_policy(policy)
        self._checks: synth_checks.SynthChecks | None = None
        self._judge = synth_checks.Judge()
        self._session: ScheduledSession | None = None
        self._check_at_synth()
        for key, value in shared.stack_tags.items():
            self.cdk_tag_manager.set_tag(key, value)  # at the lowest priority: `Tags.of(...)` replaces and removes it

    @property
    def firmware_bucket(self) -> s3.IBucket:
        """The bucket of the image; the default one is a whole `s3.Bucket`, like a `FirmwareBucket`."""
        return self._bucket

    @property
    def firmware_update_role(self) -> iam.IRole:
        """The role the service reads the image with; the default one is a `FirmwareUpdateRole`."""
        return self._role

    @property
    def fuota_task_id(self) -> str:
        """Id of the task, a token until it is deployed."""
        return self._resource.ref

    @property
    def fuota_task_arn(self) -> str:
        """ARN of the task, a token until it is deployed."""
        return self._resource.get_att("Arn").to_string()

    @property
    def cdk_tag_manager(self) -> cdk.TagManager:
        """Tags of the task; `Tags.of(...)` on it, its stack or the app reaches them."""
        return self._tags.manager

    @property
    def encoded_fragments(self) -> int | None:
        """Fragments sent in total, redundant ones included: 100 bytes in fragments of 10 with 50 % redundancy make 15.

        None unless image size, fragment size and redundancy are all known and in range: what the service does without
        one of them is not documented. Nor is how it rounds a broken number of redundant fragments; assumed: up.
        """
        return synth_checks.encoded_fragments(self._plan)

    @property
    def plan(self) -> SessionPlan | None:
        """The session in figures: fragments, airtime, duty cycle, duration, decode probability, receive energy.

        At the slowest data rate its groups name, or that of a group to which not all is sent, else the
        slowest that carries them; without an interval at the shortest lawful one, without a redundancy at none. None
        unless region, image size and fragment size are known and in range. `plan.as_dict()` is the same for JSON.
        """
        return synth_checks.session_plan(self._task_plan())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in the task as it is now, errors first; synth reports those of all tasks together."""
        start = self._session.start_plan() if self._session else None
        return self._judge.findings_in(self._task_plan(self._tags.values)._replace(start=start))

    def add_multicast_group(self, group: IMulticastGroupRef) -> None:
        """Update one more multicast group; a group that is there already is not added twice.

        Raises `FuotaValidationError` for what is no multicast group.
        """
        self._take_group(group)
        task_inputs.await_devices_of([group], self._resource)
        self._resource.add_property_override("MulticastGroupIds", list(self._groups))
        self._check_at_synth()

    def add_wireless_device(self, wireless_device_id: str | IWirelessDeviceRef) -> None:
        """Update one more device: an L1 or its id of 1 to 256 characters; one it has is not added twice.

        Raises `FuotaValidationError` for what cannot be the id of a device, and when the devices are a list known
        only at deployment: CloudFormation can add nothing to it.
        """
        self._devices = task_inputs.device_ids([*self._devices, wireless_device_id], self)
        self._resource.add_property_override("WirelessDeviceIds", self._devices)
        self._check_at_synth()

    def schedule_start(
        self,
        at: datetime,
        *,
        window: cdk.Duration | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        schedule_group: IScheduleGroup | IScheduleGroupRef | None = None,
        role: iam.IRole | iam.Role | IRoleRef | None = None,
    ) -> SessionSchedule:
        """Start the session of the task once, at a time of your choice, by an EventBridge Scheduler schedule.

        `at`: when the session starts, with a time zone, at least 45 minutes ahead: StartFuotaTask is called 40
        minutes before, because the service wants 30. A time that is nearer or past is a warning only: the same code
        must synthesise tomorrow, and an unchanged schedule does nothing more.
        `window`: how long the session may take; synth fails when the planned one is longer. Any time by default.
        `dead_letter_queue`: a standard queue, in the Region of the task, for a call refused for good, which else only a
        `Pending` task shows.
        `schedule_group`, `role`: of yours or L1s, the role given what the call needs, and one that
        `scheduler.amazonaws.com` may assume; the default group and a role made here.

        From the call on the task cannot be changed; take the line out before it to call the session off.

        Raises `FuotaValidationError` for a time without a time zone, for a queue, group or role that EventBridge
        Scheduler cannot use, and for a second call.
        """
        from fuota_constructs.task import scheduled_session, session_schedule

        schedule = session_schedule.SessionSchedule(
            cast("IFuotaTaskRef", self), at, window=window, queue=dead_letter_queue, group=schedule_group, role=role
        )
        timed, devices = self._plan.fragment_interval_ms is not None, lambda: self._devices
        self._session = scheduled_session.ScheduledSession(schedule, self, self._groups, devices, timed=timed)
        self._check_at_synth(always=True)  # another task may give it something to say, also later
        return schedule

    def _take_group(self, group: IMulticastGroupRef) -> None:
        reference = task_inputs.multicast_group_of(group, self)
        plan = synth_checks.group_plan(
            group, arn=reference.multicast_group_arn, beside=self._plan.rf_region, here=self._shared.place
        )
        self._groups[reference.multicast_group_id] = group, plan

    def _task_plan(self, tags: Mapping[str, str] | None = None) -> synth_checks.TaskPlan:
        return synth_checks.tagged(self._plan, tags or {})._replace(
            **task_inputs.firmware_facts(self._shared, self._readable, self._role),
            multicast_groups=tuple(plan() for _, plan in self._groups.values()),
            wireless_devices=tuple(map(synth_checks.known, self._devices)),
        )

    def _check_at_synth(self, *, always: bool = False) -> None:
        # A task with something to say says it under its own path. The others, whose tags, L1s, bucket or role may still
        # change, are looked at once more, all in one go: a validation of its own would cost each of them round trips.
        if self._checks is None and (always or self.findings):
            self._checks = synth_checks.SynthChecks(self)
            self._checks.tasks[self] = None
            self._shared.checks.tasks.pop(self, None)
        elif self._checks is None:
            self._shared.checks.tasks[self] = None

    from_fuota_task_arn = staticmethod(imported_fuota_task.from_arn)
    from_fuota_task_id = staticmethod(imported_fuota_task.from_id)
    from_fuota_task_attributes = staticmethod(imported_fuota_task.from_attributes)
