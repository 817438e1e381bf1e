"""The package as such: exports, what importing it loads, what may import what, the Lambda asset."""

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import aws_cdk as cdk
import pytest

import fuota_constructs
from fuota_constructs import FirmwareImage, FuotaTask, RfRegion

PACKAGE = Path(fuota_constructs.__file__).parent
RUNTIME = PACKAGE / "provider" / "runtime"

EXPORTS = [
    "Applied",
    "Descriptor",
    "DeviceList",
    "DeviceStack",
    "DeviceVersions",
    "DlClass",
    "Finding",
    "FirmwareBucket",
    "FirmwareImage",
    "FirmwareUpdateRole",
    "FuotaMonitor",
    "FuotaProvider",
    "FuotaRollout",
    "FuotaTask",
    "FuotaTaskGrants",
    "FuotaValidationError",
    "IFuotaTask",
    "IMulticastGroup",
    "MaintenanceWindow",
    "MulticastGroup",
    "MulticastGroupGrants",
    "RfRegion",
    "RolloutGrants",
    "RolloutTargets",
    "RolloutWave",
    "SessionPlan",
    "SessionSchedule",
]


def run(code: str) -> str:
    """What a fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_exports_are_exact_and_sorted() -> None:
    assert fuota_constructs.__all__ == EXPORTS
    assert sorted(EXPORTS) == EXPORTS
    assert set(EXPORTS) <= set(dir(fuota_constructs))
    for name in EXPORTS:
        assert getattr(fuota_constructs, name).__name__ == name


def test_fails_when_a_name_is_not_exported() -> None:
    with pytest.raises(AttributeError, match="'FuotaTusk'"):
        fuota_constructs.FuotaTusk  # noqa: B018  # reading it is the test


def test_type_checkers_see_the_same_exports() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    names = [alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(names) == EXPORTS


def test_importing_the_package_loads_only_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import fuota_constructs; print(*sorted(set(sys.modules) - before))"
    loaded = {name.split(".")[0] for name in run(code).split()}
    assert loaded - {"fuota_constructs"} <= set(sys.stdlib_module_names)


def test_importing_the_package_loads_little() -> None:
    code = "import sys; before = set(sys.modules); import fuota_constructs; print(len(set(sys.modules) - before))"
    assert int(run(code)) <= 40


def test_an_app_never_loads_aws_lambda_or_ec2(tmp_path) -> None:
    code = f"""
import sys
import aws_cdk as cdk
from fuota_constructs import *
app = cdk.App(outdir={str(tmp_path / "cdk.out")!r})
stack = cdk.Stack(app, "Stack")
open({str(tmp_path / "fw.bin")!r}, "wb").write(b"firmware")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
task = FuotaTask(
    stack,
    "Task",
    firmware_image=FirmwareImage.from_asset({str(tmp_path / "fw.bin")!r}),
    rf_region=RfRegion.EU868,
    fragment_size_bytes=48,
    multicast_groups=[group],
)
FuotaMonitor(stack, "Monitor", task=task).dashboard()
task.grants.manage(cdk.aws_iam.User(stack, "User"))
cdk.Tags.of(app).add("a", "b")
app.synth()
print(*[name for name in ("aws_cdk.aws_lambda", "aws_cdk.aws_ec2", "boto3", "cdk_nag") if name in sys.modules])
"""
    assert run(code).split() == []


def test_the_usual_app_loads_no_module_of_the_cdk(tmp_path) -> None:
    """Loading `aws_s3` or `aws_iam` would cost the synth more CPU than all of this library."""
    code = f"""
import sys
import aws_cdk as cdk
from fuota_constructs import DlClass, FirmwareImage, FuotaProvider, FuotaTask, MulticastGroup, RfRegion
app = cdk.App(outdir={str(tmp_path / "cdk.out")!r})
stack = cdk.Stack(app, "Stack")
open({str(tmp_path / "fw.bin")!r}, "wb").write(b"firmware")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
FuotaProvider.configure(app, reserved_concurrent_executions=2)
image = FirmwareImage.from_asset({str(tmp_path / "fw.bin")!r})
FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[group])
cdk.Tags.of(app).add("a", "b")
app.synth()
print(*[name for name in sys.modules if name.startswith("aws_cdk.aws_")])
"""
    assert run(code).split() == []


def imports_of(file: Path) -> set[str]:
    """Modules a file imports, those for type checkers aside."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("fuota_constructs.")}


FACTS = {"errors", "event_bus", "rf_region", "service_id", "synth_checks", "template"}
ROOMS = {
    "lorawan": set(),
    "rules": {"lorawan", "service_id"},
    "local": {"lorawan", "extras", "firmware", "operations"},
    "template": {"errors"},
    "provider": {"errors", "synth_checks", "template"},
    "firmware": FACTS | {"provider", "extras"},
    "fleet": FACTS | {"firmware", "provider"},
    "task": FACTS | {"firmware", "provider"},
    "monitor": FACTS | {"provider"},
    "rollout": FACTS | {"firmware", "fleet", "provider", "task"},
    "rollout/runtime": {"lorawan"},
    "operations": {"lorawan", "rules", "service_id"},
}
"""What each room may import of the others, `cli` aside, which may import anything."""


@pytest.mark.parametrize("room", ROOMS)
def test_import_directions(room) -> None:
    apart = {PACKAGE / other for other in ROOMS if other.startswith(f"{room}/")}
    for file in (PACKAGE / room).rglob("*.py"):
        if not apart & set(file.parents):
            assert ours(imports_of(file)) <= ROOMS[room] | {room}, file


def test_simulated_devices_read_firmware_files_and_nothing_else_of_the_constructs() -> None:
    for file in (PACKAGE / "local").rglob("*.py"):
        for name in imports_of(file):
            if name.startswith("fuota_constructs.firmware"):
                assert name.startswith(("fuota_constructs.firmware.delta.", "fuota_constructs.firmware.formats.")), file
                assert "make_patch" not in name, file


def test_every_room_has_its_directions() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {*(room for room in ROOMS if "/" not in room), "cli"}


def test_the_table_of_rooms_names_every_room() -> None:
    table = (PACKAGE.parent / "CONTRIBUTING.md").read_text()
    for room in {path.parent.name for path in PACKAGE.glob("*/__init__.py")}:
        assert f"`fuota_constructs/{room}/`" in table, room
    for command in (path.name for path in (PACKAGE / "cli").iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert f"`{command}/`" in table, command


def test_no_module_imports_one_that_imports_it() -> None:
    """Not even for type checkers, and not by way of others."""
    files = {_module(file): file for file in PACKAGE.rglob("*.py") if "runtime" not in file.parts}
    graph = {name: _imported(file, files) - {name} for name, file in files.items() if name != PACKAGE.name}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def _module(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(file: Path, modules: Mapping[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if names <= modules.keys() else names | {node.module}
    return found & modules.keys()


def test_lorawan_and_rules_are_standard_library_only() -> None:
    for part in ("lorawan", "rules"):
        for file in (PACKAGE / part).rglob("*.py"):
            tops = {name.split(".")[0] for name in imports_of(file)}
            fast_path = {"numpy"} if file.name == "arrays.py" else set()  # optional: engine.py goes without
            assert tops <= set(sys.stdlib_module_names) | {"fuota_constructs"} | fast_path, file


def test_the_runtime_of_rollouts_imports_the_radio_facts_too() -> None:
    folder = PACKAGE / "rollout" / "runtime"
    own = {file.stem for file in folder.glob("*.py")}
    for file in folder.glob("*.py"):
        assert (
            own & {path.stem for room in ("provider", "monitor") for path in (PACKAGE / room / "runtime").glob("*.py")}
            == set()
        )
        tops = {name.split(".")[0] for name in imports_of(file)}
        assert tops <= set(sys.stdlib_module_names) | {"boto3", "botocore", "fuota_constructs"} | own, file


def test_constructs_reach_the_radio_facts_only_through_the_checks() -> None:
    for file in PACKAGE.glob("*.py"):
        reached = ours(imports_of(file)) & {"lorawan", "rules", "local", "cli"}
        assert reached <= ({"rules"} if file.name == "synth_checks.py" else set()), file


def test_what_an_id_of_the_service_looks_like_stands_in_one_place() -> None:
    written = [file for file in PACKAGE.rglob("*.py") if "[0-9a-f]{8}" in file.read_text()]
    assert sorted(written) == [PACKAGE / "provider/runtime/fuota_task.py", PACKAGE / "service_id.py"]


def test_files_are_short() -> None:
    own = [PACKAGE, *(PACKAGE / room for room in ROOMS if room != "local")]
    for file in (path for folder in own for path in folder.glob("*.py")):
        assert len(file.read_text().splitlines()) <= 330, file


@pytest.fixture(scope="module")
def asset(tmp_path_factory) -> Path:
    """The directory that becomes the Lambda's zip."""
    directory = tmp_path_factory.mktemp("asset")
    (directory / "fw.bin").write_bytes(b"firmware")
    app = cdk.App(outdir=str(directory / "cdk.out"))
    FuotaTask(
        cdk.Stack(app, "Stack"),
        "Task",
        firmware_image=FirmwareImage.from_asset(directory / "fw.bin"),
        rf_region=RfRegion.EU868,
    )
    assembly = Path(app.synth().directory)
    files = json.loads((assembly / "Stack.assets.json").read_text())["files"].values()
    [path] = [file["source"]["path"] for file in files if file["source"]["packaging"] == "zip"]
    return assembly / path


def test_the_asset_is_the_folder(asset) -> None:
    """What may be in it, tests/provider/runtime/test_asset.py says."""
    assert sorted(path.name for path in asset.iterdir()) == sorted(path.name for path in RUNTIME.glob("*.py"))


def test_asset_hash_does_not_see_bytecode_or_times(asset) -> None:
    stray = RUNTIME / "__pycache__" / "stray-for-test.pyc"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    (RUNTIME / "index.py").touch()
    try:
        app = cdk.App(outdir=str(asset.parent.parent / "again"))
        stack = cdk.Stack(app, "Stack")
        image = FirmwareImage.from_asset(asset / "index.py")
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
        names = {path.name for path in Path(app.synth().directory).iterdir()}
    finally:
        stray.unlink()
    assert asset.name in names


def test_every_public_parameter_is_documented() -> None:
    for name in EXPORTS:
        exported = getattr(fuota_constructs, name)
        members = [exported, *(getattr(exported, member) for member in vars(exported) if not member.startswith("_"))]
        for member in members:
            if isinstance(member, type) or inspect.isfunction(member):
                assert inspect.getdoc(member), (name, member)
    for construct in (
        "FuotaMonitor",
        "FuotaRollout",
        "FuotaTask",
        "FirmwareBucket",
        "FirmwareUpdateRole",
        "MulticastGroup",
    ):
        init = getattr(fuota_constructs, construct).__init__
        for parameter in inspect.signature(init).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                assert f"`{parameter.name}`" in (init.__doc__ or ""), (construct, parameter.name)
    configure = fuota_constructs.FuotaProvider.configure
    for name in inspect.signature(configure).parameters:
        assert f"`{name}`" in (configure.__doc__ or ""), name


def test_the_walk_of_one_parameter_passes_these_files() -> None:
    page = (PACKAGE.parent / "docs" / "explanation" / "one-parameter.md").read_text()
    passed = re.findall(r"`(fuota_constructs/[\w/]+\.py)`", page)
    assert len(passed) > 10
    assert [name for name in passed if not (PACKAGE.parent / name).exists()] == []
