"""The page of the device stacks is written from the data."""

from pathlib import Path
from typing import NamedTuple

from fuota_constructs.local.fleet import stack_trouble
from fuota_constructs.lorawan import device_stack
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "device-stacks.md"
_COUNTED_BY = dict.fromkeys(("zephyr", "zephyr-lowmem"), "image partition / 48 + 1")

NEVER = {
    "hangs_from_fragments": f"hangs for ever in a session of {device_stack.HANG_FRAGMENTS} fragments or more",
    "never_done_without_redundancy": "never done where no fragment is lost and none is redundant",
    "one_session_per_boot": "from the second session after a boot on, lost fragments are not recovered",
    "one_session_at_a_time": "a session that is not finished refuses the next one with another FragIndex",
    "memory_error_stays": "a memory error is reported in every later session, too",
    "class_b_as_class_c": "a class B session is listened to in class C, for 2^n s instead of 2^n beacon periods",
    "checks_block_only": "fragments it has no room for are taken if the whole block fits, and overwrite its memory",
}


class Trap(NamedTuple):
    """What goes wrong, with the stacks that `field` (or a key of their status) marks, and where it is told."""

    what: str
    field: str
    rules: tuple[str, ...] = ()
    rehearsed: str = ""  # the function that names it in a rehearsal
    status: bool = False  # said by `fuota status`


TRAPS = (
    Trap("too many fragments for the build", "max_fragments", ("stack-fragment-count",), "too_many"),
    Trap("too large fragments for the build", "max_fragment_bytes", ("stack-fragment-size",), "too_large"),
    Trap("too small fragments for the build", "min_fragment_bytes", ("stack-fragment-size",)),
    Trap("a build that looks at the whole block only", "checks_block_only", ("stack-fragment-count",), "overruns"),
    Trap(
        "fragments that are no multiple of what the flash is written in",
        "fragment_multiple_bytes",
        ("stack-fragment-multiple",),
        "flash_refuses",
    ),
    Trap("more lost fragments than there is room for", "room", ("stack-lost-fragments",), "overflows"),
    Trap("2,040 fragments hang", "hangs_from_fragments", ("stack-hang", "fragment-count-2040"), "hangs", status=True),
    Trap(
        "never done without a redundant fragment", "never_done_without_redundancy", ("stack-never-done",), "never_done"
    ),
    Trap("FragIndex 1 is not known", "frag_sessions", ("stack-frag-index",), "no_such_index", status=True),
    Trap("an unfinished session refuses another FragIndex", "one_session_at_a_time", (), "unfinished", status=True),
    Trap("no second session in a boot", "one_session_per_boot", ("stack-one-session",), "second_session", status=True),
    Trap("a memory error that stays", "memory_error_stays", (), "said_missing", status=True),
    Trap("class B becomes class C", "class_b_as_class_c", ("stack-class-b",), "class_b_for_class_c"),
    Trap("`MissingFrag` with the image complete", "false_missing", (), "said_missing", status=True),
    Trap("`Successful` without the image", "false_successful", (), "said_successful", status=True),
    Trap("fragments that come late or again are dropped, or taken for others", "decoder", (), "not_in_order"),
)


def _has(name: str, field: str) -> bool:
    """Whether a stack is marked by a field, in any of its releases."""
    if field in {"false_missing", "false_successful"}:
        return bool(device_stack.status_meaning(name)[field])
    builds = [DeviceStack.of(f"{name}@{release}") for release in device_stack.releases(name)]
    if field == "room":
        return any(build.most_lost_fragments(1000) is not None for build in builds)
    if field == "frag_sessions":
        return any(1 not in build.frag_indexes for build in builds)
    return any(getattr(build, field) for build in builds)


PAGE_HEAD = """# Device stacks

What the LoRaWAN stacks on devices can take of a session, as they come. Name yours, and the rules and `fuota plan` count
with it: `FuotaTask(device_stack="stm32cubewl")`, `MulticastGroup(device_stack=...)`,
`fuota plan 100kB --rf-region EU868 --recommend --device-stack loramac-node@4.5.1`. A build of your own overrides any
number: `DeviceStack.of("loramac-node", max_fragments=1000, max_fragment_bytes=120, max_lost_fragments=50)`, on the
command line `loramac-node,max_fragments=1000`. In a [fleet](fleets.md#what-runs-on-them) (`stack: stm32cubewl`) and
with `fuota rehearse --device-stack` simulated devices do what the stack does; `fuota status --device-stack` says what
its answers prove.

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
        "## What it does not survive, and what it keeps",
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
    lines += _traps()
    lines += [
        "",
        "## What a status answer proves",
        "",
        "`MissingFrag` and `Successful` of a device are what its stack says. Who runs the new firmware has the image,",
        "whatever the status: check the version before more redundancy is bought.",
        "",
    ]
    lines += ["| stack | its count of missing fragments is | `Successful` means | afterwards |", "|" + 4 * "---|"]
    for name in device_stack.names():
        said = device_stack.status_meaning(name)
        lines.append(f"| `{name}` | {said['missing_fragments']} | {said['successful']} | {said['afterwards']} |")
    lines += [
        "",
        "| stack | `MissingFrag` with the image complete, for it | `Successful` without the image, for it |",
        "|" + 3 * "---|",
    ]
    for name in device_stack.names():
        said = device_stack.status_meaning(name)
        lines.append(f"| `{name}` | {said['false_missing'] or 'no'} | {said['false_successful'] or 'no'} |")
    lines += ["", "## Sources", ""]
    for name in device_stack.names():
        lines.append(f"- `{name}`: {device_stack.repository(name)}, release {DeviceStack.of(name).release}")
        lines += [f"  - `{field}`: {device_stack.source(name, field)}" for field in device_stack.facts(name)]
    return "\n".join(lines) + "\n"


def _traps() -> list[str]:
    lines = [
        "",
        "## Where each of it is told",
        "",
        "Rules speak at `cdk synth`, in `fuota plan` and `preflight`, and in a rehearsal for every cohort's stack.",
        "",
        "| what goes wrong | with | warned of by | rehearsed | `fuota status` |",
        "|" + 5 * "---|",
    ]
    for trap in TRAPS:
        of = ", ".join(f"`{name}`" for name in device_stack.names() if _has(name, trap.field))
        rules = ", ".join(f"[`{rule}`](rules.md#{rule})" for rule in trap.rules) or "-"
        cells = [trap.what, of, rules, "yes" if trap.rehearsed else "-", "yes" if trap.status else "-"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def test_every_trap_is_told_somewhere_and_marks_a_stack() -> None:
    known = {rule.id for rule in RULES}
    for trap in TRAPS:
        assert set(trap.rules) <= known
        assert trap.rules or trap.rehearsed
        assert not trap.rehearsed or callable(getattr(stack_trouble, trap.rehearsed))
        assert any(_has(name, trap.field) for name in device_stack.names()), trap
    assert {rule for trap in TRAPS for rule in trap.rules} == {rule.id for rule in RULES if "device_stack" in rule.what}


def test_the_page_is_written_from_the_data() -> None:
    assert PAGE.read_text("utf-8") == written(), f"run python tests/lorawan/{Path(__file__).name} to write it anew"
    assert all(f"| `{name}` | " in written() for name in device_stack.names())


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
