"""What the rules say about firmware files, of all kinds that people send."""

import pytest
from image_files import SLOT, esp_image, program

from fuota_constructs import FirmwareImage, FuotaTask, FuotaValidationError, RfRegion
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.rules import TaskPlan, findings_in

ELF = b"\x7fELF\x01\x01\x01" + bytes(200)


def found(data: bytes, **changed: object) -> dict[str, tuple[str, str]]:
    """The findings about a file, by rule."""
    facts = read_image(data)._replace(**changed)
    plan = TaskPlan(rf_region="EU868", image_bytes=len(data), image_facts=facts)
    return {finding.rule: (finding.level, finding.message) for finding in findings_in(plan)}


def hex_file(data: bytes) -> bytes:
    records = (data[at : at + 16] for at in range(0, len(data), 16))
    return b"".join(b":%02X000000%s00\n" % (len(record), record.hex().encode()) for record in records)


def test_a_container_is_refused_with_what_it_costs_and_what_to_give() -> None:
    [(level, message)] = found(hex_file(program())).values()
    assert level == "error"
    assert "an Intel HEX file, which no device boots" in message
    assert "2.8 times the program in it" in message
    assert "objcopy -O binary" in message
    [(level, message)] = found(ELF).values()
    assert (level, "linker output" in message, "times" in message) == ("error", True, False)


@pytest.mark.parametrize("option", ["--pad", "--confirm"])
def test_a_padded_slot_is_refused(imgtool, option) -> None:
    [(level, message)] = found(imgtool.sign("--key", imgtool.key("ecdsa-p256"), option)).values()
    assert level == "error"
    assert f"the file has {SLOT} (a whole flash slot, made for a programmer): 6.3 times the airtime" in message


@pytest.mark.parametrize(
    ("data", "level"),
    [
        (program() + b"\xff" * 2300, "warning"),
        (program() + bytes(2300), "warning"),
        (program() + b"\xff" * 1900, None),  # under a tenth
        (program(2000) + b"\xff" * 1000, None),  # under 1 kB
        (bytes(30_000), None),  # nothing else: a stand-in
        (program(), None),
    ],
)
def test_a_long_tail_of_a_raw_file_is_warned_of(data, level) -> None:
    assert [each for each, _ in found(data).values()] == ([level] if level else [])


def test_cut_off_and_changed_files_are_refused(imgtool) -> None:
    data = imgtool.sign("--key", imgtool.key("ecdsa-p256"))
    assert found(data) == {}
    [(rule, (level, message))] = found(data[:-1000]).items()
    assert (rule, level) == ("image-truncated", "error")
    assert f"and the file has {len(data) - 1000}" in message
    flipped = bytearray(data)
    flipped[0x1234] ^= 4
    [(rule, (level, message))] = found(bytes(flipped)).items()
    assert (rule, level) == ("image-digest", "error")
    assert "every device would refuse to boot it" in message
    assert {"image-digest"} == set(found(esp_image()[:-33] + b"\0" * 33)) - {"image-unsigned"}


def test_unsigned_files_and_published_keys_are_warned_of(imgtool) -> None:
    [(rule, (level, message))] = found(imgtool.sign()).items()
    assert (rule, level) == ("image-unsigned", "warning")
    assert "zephyr.signed.bin" in message
    signed = imgtool.sign("--key", imgtool.key("ed25519"))
    [(rule, (level, message))] = found(signed, development_key="root-ed25519.pem").items()
    assert (rule, level) == ("image-development-key", "warning")
    assert "root-ed25519.pem" in message


def test_a_task_has_the_facts_of_its_file_and_is_refused_one_that_no_device_boots(app, stack, tmp_path) -> None:
    (tmp_path / "app.elf").write_bytes(ELF)
    (tmp_path / "app.bin").write_bytes(program())
    image = FirmwareImage.from_asset(tmp_path / "app.bin")
    assert image.facts is not None
    assert image.facts.format == "cortex-m"
    assert FuotaTask(stack, "Good", firmware_image=image, rf_region=RfRegion.EU868).findings == ()
    task = FuotaTask(
        stack, "Bad", firmware_image=FirmwareImage.from_asset(tmp_path / "app.elf"), rf_region=RfRegion.EU868
    )
    assert [finding.rule for finding in task.findings] == ["image-container"]
    with pytest.raises(RuntimeError, match="image-container") as raised:
        app.synth()
    assert not isinstance(raised.value, FuotaValidationError)
