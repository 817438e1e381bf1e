"""A rollout of firmware to a fleet, wave by wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from fuota_constructs import synth_checks
from fuota_constructs.event_bus import event_bus_arn
from fuota_constructs.firmware.foreign_bucket import Guest
from fuota_constructs.firmware.role_access import as_resource
from fuota_constructs.firmware.shared_firmware import SharedFirmware
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS
from fuota_constructs.rf_region import RfRegion, expect_rf_region
from fuota_constructs.rollout import rollout_inputs
from fuota_constructs.rollout.device_versions import DeviceVersions
from fuota_constructs.rollout.rollout_events import RolloutEvents
from fuota_constructs.rollout.rollout_function import RolloutFunction
from fuota_constructs.rollout.rollout_machines import RolloutMachines
from fuota_constructs.rollout.rollout_numbers import numbers_of
from fuota_constructs.task import task_inputs
from fuota_constructs.template.acknowledgments import ROLLOUT, AcknowledgedAtSynth
from fuota_constructs.template.dependencies import put_behind
from fuota_constructs.template.keyword_names import naming_keywords
from fuota_constructs.template.stable_ids import path_below_stack
from fuota_constructs.template.staged_asset import Named, stage_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_events import IEventBusRef
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_s3 import IBucketRef
    from constructs import Construct

    from fuota_constructs.firmware.firmware_image import FirmwareImage
    from fuota_constructs.fleet.dl_class import DlClass
    from fuota_constructs.rollout.applied import Applied
    from fuota_constructs.rollout.maintenance_window import MaintenanceWindow
    from fuota_constructs.rollout.rollout_grants import RolloutGrants
    from fuota_constructs.rollout.rollout_targets import RolloutTargets
    from fuota_constructs.rollout.rollout_wave import RolloutWave
    from fuota_constructs.rules import Finding, SessionPlan

RESOURCE_TYPE = "Custom::FuotaRollout"


class FuotaRollout(RolloutEvents):
    """Updates a fleet in waves: begins with few, stops when it goes wrong, and finishes what was left over.

    Nothing starts at deployment: an execution of `state_machine_arn` is one rollout. A deployment refuses to change a
    rollout that is under way; a delete aborts it and takes away its tasks and groups. Evidence stays in the firmware
    bucket under `rollouts/`.
    """

    @naming_keywords
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        firmware_image: FirmwareImage,
        rf_region: RfRegion,
        dl_class: DlClass,
        redundancy_percent: int,
        fragment_size_bytes: int,
        fragment_interval: cdk.Duration,
        targets: RolloutTargets,
        waves: Sequence[RolloutWave] | None = None,
        success_percent: float | None = None,
        confidence_percent: float | None = None,
        maintenance_window: MaintenanceWindow | None = None,
        retries: int | None = None,
        most_redundancy_percent: int | None = None,
        silent_after: cdk.Duration | None = None,
        most_silent: int | None = None,
        setup_within: cdk.Duration | None = None,
        applied: Applied | None = None,
        planned_loss_percent: float | None = None,
        device_stack: synth_checks.DeviceStack | str | None = None,
        devices_per_gateway: float | None = None,
        gateway_correlation: float | None = None,
        descriptor: bytes | str | None = None,
        firmware_bucket: s3.IBucket | IBucketRef | None = None,
        firmware_update_role: iam.IRole | IRoleRef | None = None,
        event_bus: IEventBusRef | None = None,
    ) -> None:
        """Prepare a rollout.

        `firmware_image`, `rf_region`, `descriptor`, `planned_loss_percent`, `device_stack`, `firmware_bucket`,
        `firmware_update_role`: as for a `FuotaTask`. The size of the image and the loss must be known at synth.
        `dl_class`: when the devices listen; their profile must support it.
        `redundancy_percent`, `fragment_size_bytes`, `fragment_interval`: of a first session, as for a `FuotaTask`; all
        three known at synth, the interval at most a day.
        `targets`: who is updated, see `RolloutTargets`.
        `waves`: in which parts, see `RolloutWave`; by default a canary of as many devices as prove `success_percent`
        when none fails (of a list a quarter at most), 10 percent where that is more, and the rest.
        `success_percent`: the share of the devices that must have the image, from 1 and below 100; 95 by default.
        `confidence_percent`: how sure the gates must be of that, or of the contrary, over all waves together; from 1
        and below 100; 80 by default.
        `maintenance_window`: when sessions may be on the air; at any time by default.
        `retries`: sessions for those of a wave that another one may help, 0 to 3; none by default.
        `most_redundancy_percent`: what retries may be sent with, if so much was learnt to be needed; from
        `redundancy_percent` to 100; twice `redundancy_percent`, at least 30, by default.
        `silent_after`: a device that has the image and sends nothing for so long is silent, a minute to a week; 6
        hours by default. Retries that deliver bake for it, no longer than their wave.
        `most_silent`: above so many silent devices the rollout aborts, 0 to 1,000,000; 0 by default.
        `setup_within`: how long the devices of a wave may take to learn of its group, an hour to a week: some four of
        their uplinks; a day by default.
        `applied`: what counts as a success, see `Applied`; that the image was delivered, by default.
        `devices_per_gateway`: how many devices of the fleet one gateway serves, 1 to 100,000: they fail together, so
        the gates count them as fewer; each for itself by default.
        `gateway_correlation`: how much they do, above 0 up to 1, only with `devices_per_gateway`; 0.05 by default, an
        assumption.
        `event_bus`: where its events go, in the Region of this stack; the account's default bus by default.

        Raises `FuotaValidationError` for values of a wrong kind or out of range.
        """
        super().__init__(scope, id, event_bus)
        image = task_inputs.image_of(firmware_image, self)
        rf_region = expect_rf_region(rf_region, self)
        rollout_inputs.expect_kinds(dl_class, targets, maintenance_window, applied, self)
        numbers = numbers_of(
            self,
            image_bytes=image.size_bytes,
            redundancy_percent=redundancy_percent,
            fragment_size_bytes=fragment_size_bytes,
            fragment_interval=fragment_interval,
            most_redundancy_percent=most_redundancy_percent,
            retries=retries,
            success_percent=success_percent,
            confidence_percent=confidence_percent,
            devices_per_gateway=devices_per_gateway,
            gateway_correlation=gateway_correlation,
            silent_after=silent_after,
            most_silent=most_silent,
            setup_within=setup_within,
        )
        parts = rollout_inputs.waves_of(waves, targets, numbers, self)

        shared = SharedFirmware.of(scope)
        bucket = shared.bucket_of(task_inputs.own_bucket_of(image, firmware_bucket, self))
        role = shared.role_of(task_inputs.own_role_of(firmware_update_role, self))
        access = shared.access_of(role)
        readable = shared.readable(image, bucket, role, per_image=None, asked_by=path_below_stack(scope, id))
        role_arn = task_inputs.expect_role_arn(access.arn, self)

        given: dict[str, object] = {
            "Name": None,
            "Description": None,
            "RedundancyPercent": numbers.redundancy_percent,
            "FragmentSizeBytes": numbers.fragment_size_bytes,
            "FragmentIntervalMS": numbers.fragment_interval_ms,
            "Descriptor": task_inputs.descriptor_of(descriptor),
        }
        plan = synth_checks.plan_of(
            given,
            rf_region=rf_region.value,
            image_bytes=numbers.image_bytes,
            image_facts=image.facts,
            image_delta=image.delta_facts,
            image_demands=image.demands,
            planned_loss_percent=rollout_inputs.expect_known("planned_loss_percent", planned_loss_percent, self),
            device_stack=synth_checks.device_stack_of(device_stack, self),
            place=shared.place,
            role_account=access.account if shared.place.account else None,
        )
        self._groups = rollout_inputs.groups_of(targets, self, beside=rf_region.value, here=shared.place)
        self._asked = rollout_inputs.plan_of(parts, targets, numbers, maintenance_window, applied)
        self._plan = synth_checks.rollout_plan(plan, self._asked, dl_class=dl_class.value)

        # The same in every deployment of this stack, and no other stack's: tags say by it whose a task is.
        self.rollout_name = f"{cdk.Aws.STACK_NAME}/{rollout_inputs.expect_path(path_below_stack(scope, id), self)}"
        """The value of the tag `fuota-constructs:rollout` of its tasks and groups, and the dimension of its metrics."""
        self.versions = (applied.versions or DeviceVersions(self, "Versions")) if applied else None
        """What devices report, where `applied` says that it counts; else None."""
        function = RolloutFunction(
            self,
            "Function",
            rollout_name=self.rollout_name,
            bucket=shared.facts_of(bucket),
            firmware_role_arn=role_arn,
            bucket_made_here=shared.made_bucket(shared.facts_of(bucket)),
            image_key=image.key,
            versions_arn=self.versions.table_arn if self.versions else None,
            event_bus_arn=event_bus_arn(event_bus, self, rule="rollout-event-bus"),
        )
        readable = readable.also_for(
            shared.let_in(bucket, *Guest.of_rollout(function.role_arn, as_resource(image.key)))
        )
        machines = RolloutMachines(self, "Machines", function_arn=function.function_arn, tags=function.tags)
        self.state_machine_arn = machines.rollout_arn
        """What an execution of is a rollout; its input is `settings`."""
        self._wave_machine_arn, self.executions_arn = machines.wave_arn, machines.executions_arn
        self.control_table_name, self.control_table_arn = function.table.ref, function.table_arn
        """The table in which the operator's word is, and the settings."""
        self.firmware_bucket = bucket
        """Where the image and the evidence are."""

        settings = {
            "rollout": self.rollout_name,
            "targets": self._targets(targets, function),
            "waves": [wave.settings(number) for number, wave in enumerate(parts, start=1)],
            "image": {"uri": readable.uri, "sizeBytes": numbers.image_bytes, "role": role_arn},
            "session": {
                "rfRegion": rf_region.value,
                "dlClass": dl_class.value,
                **numbers.session,
                "plannedLoss": synth_checks.planned_loss(self._plan),
                **task_inputs.rendered({"descriptor": given["Descriptor"]}),
            },
            "gate": numbers.gate,
            "retries": numbers.retries,
            "mostRedundancyPercent": numbers.most_redundancy_percent,
            **({"window": maintenance_window.settings()} if maintenance_window else {}),
            **({"applied": applied.settings(self.versions)} if applied and self.versions else {}),
            "setup": numbers.setup,
        }
        self.settings = cdk.Stack.of(self).to_json_string(settings)
        """The input of an execution, as text; the table has it too, under the key `plan`."""
        outlives = shared.provider.allow_rollout(
            self, table_arn=function.table_arn, executions_arn=machines.executions_arn
        )
        resource = cdk.CfnResource(
            self,
            "Resource",
            type=RESOURCE_TYPE,
            properties={
                "ServiceToken": shared.provider.service_token,
                "ServiceTimeout": str(SERVICE_TIMEOUT_SECONDS),
                "ControlTable": function.table.ref,
                "Rollout": self.rollout_name,
                "Settings": self.settings,
            },
        )
        readable.outlive(resource)
        self._policies, self._reads = (function.policy, machines.policy), (shared, readable, role)
        hears = function.watch(machines, bucket_arn=shared.facts_of(bucket).arn)
        # Its Delete stops what runs, so all that may run outlives it.
        needed = (machines.rollout, *(policy.resource for policy in self._policies), hears, *outlives)
        put_behind(resource, filter(None, needed))
        synth_checks.SynthChecks(self, before=self._settle).tasks[self] = None
        AcknowledgedAtSynth(self, ROLLOUT)

    @property
    def grants(self) -> RolloutGrants:
        """What principals may be allowed to do with the rollout."""
        from fuota_constructs.rollout.rollout_grants import RolloutGrants

        return RolloutGrants(self, wave_machine_arn=self._wave_machine_arn)

    @property
    def plan(self) -> SessionPlan | None:
        """A first session in figures, as `FuotaTask.plan`."""
        return synth_checks.session_plan(self._plan)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in the rollout, errors first: all rules of a task, and those about waves and window."""
        rollout = self._asked._replace(targets=tuple(group() for group in self._groups))
        facts = task_inputs.firmware_facts(*self._reads)
        return synth_checks.findings_in(self._plan._replace(rollout=rollout, **facts))

    def _settle(self) -> None:
        for policy in self._policies:
            policy.settle()

    def _targets(self, targets: RolloutTargets, function: RolloutFunction) -> dict[str, object]:
        if targets.device_list is not None:
            named = Named(self, "DeviceList", path_below_stack(self, "DeviceList"))
            asset = stage_text(cdk.Stack.of(self), targets.device_list.text, named)
            function.allow_asset(asset.bucket_name)
            return {"listBucket": asset.bucket_name, "listKey": asset.object_key}
        if targets.device_profile_id is not None:
            return {"deviceProfileId": targets.device_profile_id}
        return {"multicastGroupIds": list(targets.multicast_group_ids)}
