"""The pictures of `fuota rehearse --html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from fuota_constructs.cli.svg_pictures import BAD, GOOD, LIMIT, pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from fuota_constructs.local.task_outcome import DeviceOutcome

SUCCEEDED, FAILED = GOOD, BAD


def completion_chart(devices: Sequence[DeviceOutcome], total: int, data: int) -> dict[str, str]:
    """How many devices had the image after how many fragments."""
    after = sorted(device.completed_after_fragments for device in devices if device.completed_after_fragments)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        steps = [0, *after, total]
        share = [0, *(100 * (i + 1) / len(devices) for i in range(len(after))), 100 * len(after) / len(devices)]
        axes.step(steps, share, where="post", color=SUCCEEDED, linewidth=2.2)
        axes.axvline(data, color=LIMIT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.annotate(
            "all data fragments sent", (data, 103), ha="right", va="bottom", color=LIMIT, annotation_clip=False
        )
        first = min([data, *after]) if after else data
        axes.set(
            xlim=(max(0, first - (total - first)), total), ylim=(0, 102), xlabel="fragments sent", ylabel="devices done"
        )
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))

    return pictures("completion", draw, {"wide": 300, "narrow": 260})


def loss_chart(devices: Sequence[DeviceOutcome]) -> dict[str, str]:
    """What each device lost, and whether it succeeded."""
    heard = [(device.loss, device) for device in devices if device.loss is not None]
    succeeded = [100 * loss for loss, device in heard if device.has_image]
    failed = [100 * loss for loss, device in heard if not device.has_image]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        lowest, highest = min(succeeded + failed), max(succeeded + failed)
        width = max(0.5, (highest - lowest) / 24)
        edges = [lowest + i * width for i in range(int((highest - lowest) / width) + 2)]
        axes.hist([succeeded, failed], bins=edges, stacked=True, color=[SUCCEEDED, FAILED], rwidth=0.9)
        axes.set(xlabel="share of fragments the device lost", ylabel="devices")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(visible=False, axis="x")

    return pictures("loss", draw, {"wide": 280, "narrow": 260})
