"""FirmwareImage.delta: the same bytes each time, an asset like any other, and said what it makes of what."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from fuota_constructs import (
    Descriptor,
    DlClass,
    FirmwareImage,
    FuotaTask,
    FuotaValidationError,
    MulticastGroup,
    RfRegion,
)
from fuota_constructs.extras import MissingPackageError
from fuota_constructs.firmware.delta import apply_patch

EXAMPLE = Path(__file__).parents[2] / "firmware"
BASE, TARGET = (EXAMPLE / f"sensor-{version}.bin" for version in ("1.1.0", "1.2.0"))
DIGESTS = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in (("base", BASE), ("target", TARGET))}


def stack_with(image: FirmwareImage, folder: Path, **more: object) -> tuple[FuotaTask, cdk.App]:
    app = cdk.App(outdir=str(folder))
    stack = cdk.Stack(app, "Stack")
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        redundancy_percent=60,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(30),
        multicast_groups=[group],
        **more,
    )
    return task, app


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("delta") / "cdk.out"
    image = FirmwareImage.delta(base=BASE, target=TARGET)
    _, app = stack_with(image, folder, descriptor=Descriptor.of_base(image))
    app.synth()
    return folder


def test_the_asset_is_the_patch(synthesised) -> None:
    [asset] = synthesised.glob("asset.*.patch")
    patch = asset.read_bytes()
    assert asset.name == f"asset.{hashlib.sha256(patch).hexdigest()}.patch"
    assert apply_patch(BASE.read_bytes(), patch) == TARGET.read_bytes()


def test_template_says_what_the_delta_makes_of_what(synthesised) -> None:
    template = json.loads((synthesised / "Stack.template.json").read_text())
    outputs = {output["Value"] for output in template["Outputs"].values() if isinstance(output["Value"], str)}
    assert outputs == set(DIGESTS.values())
    found = assertions.Template.from_json(template)
    tags = [{"Key": f"fuota-delta:{name}-sha256", "Value": digest} for name, digest in DIGESTS.items()]
    found.has_resource_properties("Custom::FuotaTask", {"Tags": tags, "Descriptor": "rbCOMw=="})
    [copied] = found.find_resources("Custom::FirmwareObject").values()
    assert copied["Properties"]["DestinationKey"].endswith("/sensor-1.1.0-to-sensor-1.2.0.patch")
    assert copied["Properties"]["SizeBytes"] == 677
    # The provider writes them into the metadata of the object, where those who operate the task see that it is a delta.
    ends = {name: copied["Properties"][f"Delta{name.title()}Sha256"] for name in DIGESTS}
    assert ends == DIGESTS


def test_the_same_files_give_the_same_template_and_assets(synthesised, tmp_path) -> None:
    image = FirmwareImage.delta(base=FirmwareImage.from_asset(BASE), target=FirmwareImage.from_asset(TARGET))
    _, app = stack_with(image, tmp_path / "again", descriptor=Descriptor.of_base(BASE))
    app.synth()
    for file in ("Stack.template.json", "Stack.assets.json"):
        assert (tmp_path / "again" / file).read_bytes() == (synthesised / file).read_bytes()


def test_the_plan_is_that_of_the_patch_and_the_rules_look_at_the_target(tmp_path) -> None:
    task, _ = stack_with(FirmwareImage.delta(base=BASE, target=TARGET), tmp_path / "out")
    assert task.plan is not None
    assert task.plan.image_bytes == 677
    assert not [finding for finding in task.findings if finding.rule.startswith(("delta", "image"))]
    noise = tmp_path / "noise.bin"
    noise.write_bytes(hashlib.shake_256(b"noise").digest(5000))
    image = FirmwareImage.delta(base=BASE, target=noise)
    assert image.facts.sha256 == hashlib.sha256(noise.read_bytes()).hexdigest()
    worthless, _ = stack_with(image, tmp_path / "other")
    assert ("delta-ratio", "error") in {(finding.rule, finding.level) for finding in worthless.findings}


def test_the_file_of_the_patch_goes_with_the_image() -> None:
    image = FirmwareImage.delta(base=BASE, target=TARGET)
    path = image.path
    assert path.is_file()
    del image
    assert not path.parent.exists()


def test_fails_for_files_that_no_patch_is_made_of(tmp_path) -> None:
    (tmp_path / "app.elf").write_bytes(b"\x7fELF\x01\x01\x01" + bytes(200))
    with pytest.raises(FuotaValidationError, match=r"no delta from .* to 'app.elf': the target is an ELF"):
        FirmwareImage.delta(base=BASE, target=tmp_path / "app.elf")
    with pytest.raises(FuotaValidationError, match="base and target are the same"):
        FirmwareImage.delta(base=BASE, target=BASE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base": BASE, "target": "gone.bin"}, "'gone.bin' does not exist"),
        ({"base": None, "target": TARGET}, "path is None; give the path of a file"),
        ({"base": BASE, "target": TARGET, "decoder": "xdelta"}, "decoder is 'xdelta'; it must be one of 'detools', "),
        ({"base": BASE, "target": TARGET, "decoder": ["detools"]}, "decoder is ['detools']; it must be one of 'deto"),
        (
            {"base": FirmwareImage.delta(base=BASE, target=TARGET), "target": TARGET},
            "base is FirmwareImage.delta(",
        ),
    ],
)
def test_fails_for_what_is_no_end_of_a_delta(given, message) -> None:
    with pytest.raises(FuotaValidationError) as error:
        FirmwareImage.delta(**given)
    assert message in str(error.value)


def test_fails_when_a_file_changes_between(tmp_path) -> None:
    file = tmp_path / "base.bin"
    file.write_bytes(BASE.read_bytes())
    base = FirmwareImage.from_asset(file)
    file.write_bytes(b"changed")
    with pytest.raises(FuotaValidationError, match="changed meanwhile"):
        FirmwareImage.delta(base=base, target=TARGET)


def test_fails_without_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "bsdiff4", None)
    with pytest.raises(MissingPackageError, match=r"needs bsdiff4: pip install 'fuota-constructs\[cdk,delta\]'"):
        FirmwareImage.delta(base=BASE, target=TARGET)


def test_a_synth_without_a_delta_loads_nothing_of_it(tmp_path) -> None:
    code = f"""
import sys
import aws_cdk as cdk
from fuota_constructs import FirmwareImage, FuotaTask, RfRegion
app = cdk.App(outdir={str(tmp_path / "cdk.out")!r})
image = FirmwareImage.from_asset({str(BASE)!r})
FuotaTask(cdk.Stack(app, "Stack"), "Task", firmware_image=image, rf_region=RfRegion.EU868)
app.synth()
print(*[name for name in sys.modules if "firmware.delta" in name or name in ("bsdiff4", "heatshrink2")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
