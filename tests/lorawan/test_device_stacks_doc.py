"""The page of the device stacks is written from the data."""

from pathlib import Path

from fuota_constructs.lorawan import device_stack
from fuota_constructs.lorawan.device_stack import DeviceStack

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "device-stacks.md"
_COUNTED_BY = dict.fromkeys(("zephyr", "zephyr-lowmem"), "image partition / 48 + 1")

NEVER = {
    "hangs_from_fragments": f"hangs for ever in a session of {device_stack.HANG_FRAGMENTS} fragments or more",
    "never_done_without_redundancy": "never done where no fragment is lost and none is redundant",
    "one_session_per_boot": "the second session after a boot never finishes",
}

PAGE_HEAD = """# Device stacks

What the LoRaWAN stacks on devices can take of a session, as they come. Name yours, and the rules and `fuota plan` count
with it: `FuotaTask(device_stack="stm32cubewl")`, `MulticastGroup(device_stack=...)`,
`fuota plan 100kB --rf-region EU868 --recommend --device-stack loramac-node@4.5.1`. A build of your own overrides any
number: `DeviceStack.of("loramac-node", max_fragments=1000, max_fragment_bytes=120, max_lost_fragments=50)`, on the
command line `loramac-node,max_fragments=1000`.

This page is printed by `python tests/lorawan/test_device_stacks_doc.py`. Fragments are those of the image, redundant
ones aside; lost fragments are how many the decoder has room for, a share is one of the largest session of the build.
"""


def written() -> str:
    """The page of the documents, also printed by this file."""
    lines = [
        PAGE_HEAD,
        "| stack | release | fragments | bytes | lost fragments | TS004 | FragIndex |",
        "|" + 7 * "---|",
    ]
    for name in device_stack.names():
        stack = DeviceStack.of(name)
        largest = stack.max_fragment_bytes or device_stack.LARGEST["max_fragment_bytes"]
        sizes = f"{stack.min_fragment_bytes or 1} to {largest}"
        multiple = f", multiples of {stack.fragment_multiple_bytes}" if stack.fragment_multiple_bytes else ""
        share = f"{stack.max_lost_percent} %" if stack.max_lost_percent else "not known"
        cells = [
            f"`{name}`",
            stack.release,
            str(stack.max_fragments or _COUNTED_BY.get(name, "not known")),
            sizes + multiple,
            f"{stack.max_lost_fragments or share}",
            " and ".join(f"{version}.0.0" for version in stack.ts004_versions),
            ", ".join(str(index) for index in stack.frag_indexes),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "## Hangs, and sessions that never end",
        "",
        "| stack | releases | what happens | source |",
        "|" + 4 * "---|",
    ]
    for name in device_stack.names():
        for field, what in NEVER.items():
            hit = [
                release
                for release in device_stack.releases(name)
                if getattr(DeviceStack.of(f"{name}@{release}"), field)
            ]
            if hit:
                lines.append(f"| `{name}` | {', '.join(hit)} | {what} | {device_stack.source(name, field)} |")
    lines += [
        "",
        "## What a status answer proves",
        "",
        "`MissingFrag` and `Successful` of a device are what its stack says.",
        "",
    ]
    lines += ["| stack | its count of missing fragments is | `Successful` means | afterwards |", "|" + 4 * "---|"]
    for name in device_stack.names():
        said = device_stack.status_meaning(name)
        lines.append(f"| `{name}` | {said['missing_fragments']} | {said['successful']} | {said['afterwards']} |")
    lines += ["", "## Sources", ""]
    for name in device_stack.names():
        lines.append(f"- `{name}`: {device_stack.repository(name)}, release {DeviceStack.of(name).release}")
        lines += [f"  - `{field}`: {device_stack.source(name, field)}" for field in device_stack.facts(name)]
    return "\n".join(lines) + "\n"


def test_the_page_is_written_from_the_data() -> None:
    assert PAGE.read_text("utf-8") == written(), f"run python tests/lorawan/{Path(__file__).name} to write it anew"
    assert all(f"| `{name}` | " in written() for name in device_stack.names())


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
