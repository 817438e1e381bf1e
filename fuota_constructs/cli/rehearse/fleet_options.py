"""The options that say which simulated devices there are, of `fuota rehearse` and `fuota local fleet add`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli.input_files import InputFile
from fuota_constructs.cli.quantities import share_of_one
from fuota_constructs.cli.radio_names import DeviceStackName

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.lorawan.device_stack import DeviceStack

DEFAULT_DEVICES, DEFAULT_LOSS, DEFAULT_SEED = 200, 0.1, 1
FLEET_FILE = Path("fleet.yaml")
"""Taken when nothing is said of the devices: what `fuota init` makes says there what a rehearsal is for."""


def share(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A share of the devices or fragments, none and all of them included."""
    if value is None:
        return None
    try:
        share = share_of_one(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{value} is no share of the devices or fragments: give 0% to 100%", param=parameter)
    return share


def fleet_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options, as `devices`, `loss`, `stack`, `firmware`, `seed` and `fleet_file`."""
    options = (
        click.option(
            "--devices",
            type=click.IntRange(1, 100_000),
            help="How many simulated devices.  [default: as many as the app names, else 200]",
        ),
        click.option(
            "--loss", callback=share, help="Share of fragments each device loses, such as 10%.  [default: 10%]"
        ),
        click.option(
            "--device-stack",
            "stack",
            type=DeviceStackName(),
            metavar="STACK",
            help="What runs on them, such as stm32cubewl or loramac-node,max_fragments=1000: they then behave as it"
            " does.  [default: as the standard says]",
        ),
        click.option(
            "--firmware",
            type=InputFile("give the firmware file that they run"),
            metavar="FILE",
            help="What they run now: the base of a delta, which nobody can apply without it.",
        ),
        click.option("--seed", type=click.IntRange(0, 2**63), help="The same seed, the same outcome.  [default: 1]"),
        click.option(
            "--fleet",
            "fleet_file",
            type=InputFile("give a fleet file; `fuota init` writes one, or say --devices and --loss instead"),
            help="A YAML or JSON file with cohorts of devices, instead of the options above.  [default: fleet.yaml]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def fleet_file_in_use(
    devices: int | None,
    loss: float | None,
    seed: int | None,
    fleet_file: Path | None,
    *,
    stack: DeviceStack | None = None,
    firmware: Path | None = None,
) -> Path | None:
    """The file of the option, or that of this folder where nothing else is said of the devices."""
    nothing_said = all(option is None for option in (devices, loss, seed, fleet_file, stack, firmware))
    return FLEET_FILE if nothing_said and FLEET_FILE.is_file() else fleet_file


def fleet_of(
    devices: int | None,
    loss: float | None,
    seed: int | None,
    fleet_file: Path | None,
    *,
    stack: DeviceStack | None = None,
    firmware: Path | None = None,
) -> Fleet:
    """The fleet of the options. Raises UsageError, BadParameter."""
    from fuota_constructs.local.fleet import Fleet

    if fleet_file is not None and any(option is not None for option in (devices, loss, seed, stack, firmware)):
        raise click.UsageError(
            "--fleet says how many devices there are and what they lose: leave the other options out"
        )
    try:
        if fleet_file is not None:
            return Fleet.from_file(fleet_file)
        fleet = Fleet.of(
            devices=devices or DEFAULT_DEVICES,
            loss=DEFAULT_LOSS if loss is None else loss,
            seed=DEFAULT_SEED if seed is None else seed,
            stack=stack.text if stack else None,
            firmware=str(firmware) if firmware else None,
        )
        return replace(fleet, gives_way=devices is None)
    except (ValueError, OSError) as error:
        hint = "--fleet" if fleet_file else "--devices / --loss / --seed / --firmware"
        raise click.BadParameter(str(error), param_hint=hint) from None
