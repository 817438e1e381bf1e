"""`fuota plan`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuota_constructs import extras
from fuota_constructs.cli import options
from fuota_constructs.cli.exit_codes import NOT_MET
from fuota_constructs.cli.input_files import InputFile
from fuota_constructs.cli.output_files import OutputFile, deliver, require_apart
from fuota_constructs.cli.plan.delta import base_and_target, delta_of_files
from fuota_constructs.cli.plan.verdict import LEVELS, exit_code
from fuota_constructs.cli.quantities import Image, Seconds, WholePercent
from fuota_constructs.cli.radio_names import DataRateIndex, DeviceClass, DeviceStackName, Hertz, RfRegionName
from fuota_constructs.cli.repeatable import RepeatableCommand, Typed, typed
from fuota_constructs.lorawan.regions import FREQUENCIES_HZ, regions
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C, Conditions

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import Inputs, Planned
    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.lorawan.recommendation import Option, Recommendation
    from fuota_constructs.lorawan.regions import DataRate, Region

MOST_GATEWAYS = 20
MOST_SPACING_MS = 60_000
_FILE = InputFile("give the firmware file")
SHORTEST_PING_SLOT_PERIOD, LONGEST_PING_SLOT_PERIOD = 32, 4096


@click.command(cls=RepeatableCommand)
@click.argument("image", type=Image())
@click.argument("successor", type=_FILE, required=False, metavar="[TARGET]")
@click.option(
    "--rf-region",
    "--region",
    "region_name",
    required=True,
    type=RfRegionName(),
    metavar="RFREGION",
    help="LoRaWAN region under the name AWS gives it, such as EU868, US915, AS923-1. (--region is its old name.)",
)
@click.option(
    "--data-rate",
    type=DataRateIndex(),
    metavar="DR",
    help="Downlink data rate, such as 3 or DR3.  [default: slowest that fits]",
)
@click.option(
    "--fragment-size", type=int, metavar="BYTES", help="FragmentSizeBytes.  [default: largest that passes a repeater]"
)
@click.option("--interval", type=Seconds(), metavar="SECONDS", help="FragmentIntervalMS.  [default: smallest lawful]")
@click.option(
    "--redundancy", type=WholePercent(), metavar="PERCENT", help="RedundancyPercent.  [default: smallest for --target]"
)
@click.option(
    "--class",
    "dl_class",
    type=DeviceClass(),
    default=CLASS_C,
    metavar="CLASS",
    help="Class of the multicast group: B or C, as in ClassB, ClassC.  [default: C]",
)
@click.option(
    "--gateways",
    type=click.IntRange(1, MOST_GATEWAYS),
    default=1,
    show_default=True,
    help="Participating gateways, which send each fragment one after the other.",
)
@click.option(
    "--gateway-spacing",
    type=click.IntRange(0, MOST_SPACING_MS),
    default=0,
    metavar="MS",
    help="Time from one gateway to the next (TransmissionInterval), milliseconds.  [default: 0]",
)
@options.loss
@options.target
@click.option(
    "--frequency",
    type=Hertz(),
    metavar="HZ",
    help="Downlink frequency in hertz, such as 869525000."
    "  [default: RX2 (class C) or ping slot (class B) of the region]",
)
@click.option(
    "--ping-slot-period",
    type=click.IntRange(SHORTEST_PING_SLOT_PERIOD, LONGEST_PING_SLOT_PERIOD),
    metavar="SLOTS",
    help="PingSlotPeriod of the group's class B session, in slots of 30 ms.  [default: 128, assumed]",
)
@click.option("--dwell-time", is_flag=True, help="The network has set DownlinkDwellTime = 1 (AS923 only): 400 ms.")
@click.option(
    "--ts004",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="Version of the fragmentation package on the devices.",
)
@click.option(
    "--device-stack",
    "stacks",
    type=DeviceStackName(),
    multiple=True,
    metavar="STACK",
    help="Stack of the devices, such as stm32cubewl, loramac-node@4.5.1, or loramac-node,max_fragments=1000;"
    " more than once for a mixed fleet.",
)
@click.option(
    "--delta-from",
    "base",
    type=_FILE,
    metavar="BASE",
    help="Send what changed since this file: the session of the delta beside that of the whole IMAGE.",
)
@options.decoder
@click.option("--recommend", is_flag=True, help="Propose parameters, say why, and compare all data rates.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS[::-1], case_sensitive=False),
    default="error",
    show_default=True,
    help="Exit code 3 for findings of this level and worse.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--json-file", type=OutputFile(), metavar="FILE", help="Write the JSON to FILE, too.")
@click.option(
    "--html",
    type=OutputFile(),
    metavar="FILE",
    help="Write one page with pictures to FILE, too; needs matplotlib.",
)
@click.pass_context
def plan(
    ctx: click.Context,
    *,
    image: tuple[str | None, int],
    successor: Path | None,
    region_name: str,
    data_rate: int | None,
    fragment_size: int | None,
    interval: float | None,
    redundancy: int | None,
    dl_class: str,
    gateways: int,
    gateway_spacing: int,
    loss: float,
    target: float,
    frequency: int | None,
    ping_slot_period: int | None,
    dwell_time: bool,
    ts004: int,
    stacks: tuple[DeviceStack, ...],
    base: Path | None,
    decoder: str,
    recommend: bool,
    fail_on: str,
    as_json: bool,
    json_file: Path | None,
    html: Path | None,
) -> None:
    """Work out what a FUOTA session costs and whether it can succeed, before it is on the air.

    IMAGE is the firmware file, or a size instead: 100kB, 0.5MiB, "100 000". Nothing is sent and AWS is not asked.
    With TARGET, IMAGE is the base of a delta to it: the same as IMAGE --delta-from BASE.
    With --recommend and none of --fragment-size, --interval and --redundancy, the report is on the recommended session.

    \b
    Examples:
      fuota plan firmware.bin --rf-region EU868
      fuota plan 100kB --rf-region EU868 --recommend --loss 10% --target 99.9%
      fuota plan 100kB --rf-region US915 --data-rate 10 --html plan.html
      fuota plan sensor-1.2.0.bin --delta-from sensor-1.1.0.bin --rf-region EU868

    \b
    Exit codes:
      0  the session works: it reaches --target; there may be warnings
      1  a file could not be written, or a package is missing
      2  wrong usage
      3  an error was found (with --fail-on warning: anything), the session falls
         short of --target or ends before the image is sent, or with
         --recommend nothing fits
    """
    from fuota_constructs.cli.plan.inputs import Inputs

    if html is not None:
        extras.require("fuota plan --html", "plan")
    image, base = base_and_target(image, successor, base)
    read = {"IMAGE": Path(image[0]) if image[0] else None, "the base": base}
    require_apart({"--html": html, "--json-file": json_file, **read})
    region = regions()[region_name]
    if dwell_time and region.dwell_time_ms is None:
        raise click.BadParameter(
            f"{region.name} has no such setting; only AS923-1 to AS923-4 have", param_hint="--dwell-time"
        )
    if fragment_size is not None and fragment_size < 1:
        raise click.BadParameter(f"{fragment_size} is out of range: give 1 byte or more", param_hint="--fragment-size")
    _require_in(region, frequency)
    if ping_slot_period is not None and dl_class != CLASS_B:
        raise click.BadParameter("only class B has ping slots: add --class B", param_hint="--ping-slot-period")
    conditions = Conditions(
        region=region,
        dl_class=dl_class,
        frequency_hz=frequency,
        gateways=gateways,
        gateway_spacing_seconds=gateway_spacing / 1000,
        loss=loss,
        version=ts004,
        dwell_time=dwell_time,
        ping_slot_period=ping_slot_period,
        stacks=stacks,
    )
    inputs = Inputs(
        image_name=image[0],
        image_bytes=image[1],
        conditions=conditions,
        target=target,
        data_rate=_rate(region, data_rate),
        fragment_bytes=fragment_size,
        interval_seconds=interval,
        redundancy_percent=redundancy,
        image_facts=_facts_of(image[0]),
        recommend=recommend,
    )
    if base is not None and image[0] is not None:
        made = delta_of_files(base, Path(image[0]), decoder=decoder)
        sent = len(made.made.patch.data) if made.made.patch else image[1]
        inputs = replace(inputs, delta=made, image_bytes=sent)
    choices, best = _options(inputs) if recommend else ((), None)
    result = _session(inputs, best)
    whole = _session(inputs.whole, _options(inputs.whole)[1] if recommend else None) if inputs.delta else None
    if as_json or json_file:
        from fuota_constructs.cli.plan.document import as_text

        document = as_text(result, typed(ctx), best if recommend else None, choices, recommended=recommend, whole=whole)
    if as_json:
        click.echo(document)
    else:
        from rich.console import Console

        from fuota_constructs.cli.plan.report import show

        show(result, Console(highlight=False), typed(ctx), best=best, choices=choices, whole=whole)
    if json_file is not None:
        deliver(json_file, document)
    if html is not None:
        deliver(html, _page(result, typed(ctx), best, choices=choices, whole=whole), err=as_json)
    ctx.exit(NOT_MET if recommend and best is None else exit_code(result, fail_on))


def _session(inputs: Inputs, best: Recommendation | None) -> Planned:
    """The recommended session, or the one that was asked for."""
    from fuota_constructs.cli.plan.inputs import as_planned, planned

    return as_planned(inputs, best.plan) if best and _leaves_all_open(inputs) else planned(inputs)


def _facts_of(image: str | None) -> ImageFacts | None:
    """What the file says of itself; None where there is none to read."""
    from fuota_constructs.firmware.formats import read_image

    try:
        return None if image is None else read_image(Path(image).read_bytes())
    except OSError:
        return None


def _rate(region: Region, index: int | None) -> DataRate | None:
    rate = None if index is None else region.data_rate(index)
    if index is not None and rate is None:
        known = ", ".join(str(each) for each in region.data_rates)
        raise click.BadParameter(
            f"{region.name} has no downlink DR{index}: choose of {known}", param_hint="--data-rate"
        )
    return rate


def _require_in(region: Region, frequency: int | None) -> None:
    if frequency is not None and not region.has_downlink_at(frequency):
        lowest, highest = region.downlink_frequencies_hz or FREQUENCIES_HZ
        such = f", such as {region.class_c_frequency_hz}" if region.class_c_frequency_hz else ""
        raise click.BadParameter(
            f"{frequency} is no frequency of {region.name}: give hertz from {lowest} to {highest}, in steps of"
            f" {region.downlink_step_hz}{such}",
            param_hint="--frequency",
        )


def _options(inputs: Inputs) -> tuple[tuple[Option, ...], Recommendation | None]:
    from fuota_constructs.lorawan import recommendation

    if inputs.image_bytes < 1:
        return (), None
    choices = recommendation.options(inputs.image_bytes, inputs.conditions, target=inputs.target)
    index = inputs.data_rate.index if inputs.data_rate else None
    return choices, recommendation.recommend(choices, target=inputs.target, data_rate=index)


def _leaves_all_open(inputs: Inputs) -> bool:
    return (inputs.fragment_bytes, inputs.interval_seconds, inputs.redundancy_percent) == (None, None, None)


def _page(
    result: Planned,
    typed: Typed,
    best: Recommendation | None,
    *,
    choices: tuple[Option, ...],
    whole: Planned | None,
) -> str:
    from fuota_constructs.cli.plan.page import page_of

    if not choices:
        choices, _ = _options(replace(result.inputs, data_rate=None))
    return page_of(result, typed, best, choices, whole=whole)
