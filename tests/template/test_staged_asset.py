"""Assets: for every synthesizer, in every folder, and with bytes and modes that depend on nothing but the content."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from jsii.errors import JSIIError

from fuota_constructs import FuotaValidationError
from fuota_constructs.template.staged_asset import Named, StagedAsset, stage_file, stage_modules

DIGEST = hashlib.sha256(b"test").hexdigest()


class Acme(cdk.DefaultStackSynthesizer):
    """Somebody's own defaults."""

    def __init__(self) -> None:
        super().__init__(qualifier="acme")


class Elsewhere(cdk.DefaultStackSynthesizer):
    """Files are published by somebody else."""

    def add_file_asset(self, *, source_hash: str, **_: object) -> cdk.FileAssetLocation:
        return cdk.FileAssetLocation(
            bucket_name="published",
            object_key=f"{source_hash}.bin",
            http_url="https://published.example",
            s3_object_url=f"s3://published/{source_hash}",
        )


SYNTHESIZERS: dict[str, Callable[[], cdk.IStackSynthesizer | None]] = {
    "none given": lambda: None,
    "with a qualifier": lambda: cdk.DefaultStackSynthesizer(qualifier="acme"),
    "with a prefix": lambda: cdk.DefaultStackSynthesizer(bucket_prefix="team/", file_assets_bucket_name="own"),
    "credentials of the CLI": lambda: cdk.CliCredentialsStackSynthesizer(qualifier="acme"),
    "in Python": Acme,
}
BUCKETS = {
    "none given": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
    "with a prefix": "own",
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "sensor.bin"
    path.write_bytes(b"test")
    return path


STACK_WAY, ASSET_WAY = "as a stack does it", "as aws_s3_assets does it"


@pytest.fixture(params=[STACK_WAY, ASSET_WAY])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of handing an asset to the synthesizer; the second one is for a CDK without the first."""

    def gone(*_: object) -> None:
        raise JSIIError("Cannot find addFileAsset on object")

    if request.param == ASSET_WAY:
        monkeypatch.setattr(jsii, "unsafe_cast", gone)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def stage(stack: cdk.Stack, image: Path) -> StagedAsset:
    return stage_file(stack, image, Named(stack, "Image", "Update/Firmware"), sha256=DIGEST)


def uploads(assembly: Path) -> dict[str, tuple[Path, dict[str, str]]]:
    """By display name: where each asset is, and where it goes to."""
    found = {}
    for manifest in assembly.rglob("*.assets.json"):
        for file in json.loads(manifest.read_text())["files"].values():
            if not file["source"]["path"].endswith(".template.json"):
                [goes_to] = file["destinations"].values()
                found[file["displayName"]] = (manifest.parent / file["source"]["path"], goes_to)
    return found


def placed(where: str, out: Path, synthesizer: cdk.IStackSynthesizer | None) -> tuple[cdk.App, cdk.Stack]:
    """An app with a stack that has the synthesizer, given to the stack or to the app."""
    of_the_app = synthesizer if where.startswith("app") else None
    app = cdk.App(outdir=str(out), default_stack_synthesizer=of_the_app)
    scope = cdk.Stage(app, "Prod") if where.endswith("stage") else app
    stack = cdk.Stack(scope, "Stack", synthesizer=None if of_the_app else synthesizer)
    cdk.CfnResource(stack, "Topic", type="AWS::SNS::Topic")
    return app, cdk.NestedStack(stack, "Nested") if where.endswith("nested") else stack


PLACES = [
    *((STACK_WAY, where) for where in ("stack", "stack, nested", "stack, stage", "app", "app, stage", "app, nested")),
    *((ASSET_WAY, where) for where in ("stack", "app, stage")),
]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("way", "where"), PLACES, indirect=["way"])
@pytest.mark.parametrize("kind", SYNTHESIZERS)
def test_every_synthesizer_takes_them(tmp_path: Path, image: Path, kind: str, where: str) -> None:
    app, stack = placed(where, tmp_path / "out", SYNTHESIZERS[kind]())
    asset = stage(stack, image)
    cdk.CfnOutput(stack, "Bucket", value=asset.bucket_name)
    app.synth()
    path, goes_to = uploads(tmp_path / "out")["Update/Firmware"]
    assert path.read_bytes() == b"test"
    assert goes_to["bucketName"] == BUCKETS.get(kind, "cdk-acme-assets-${AWS::AccountId}-${AWS::Region}")
    assert goes_to["objectKey"] == asset.object_key
    assert asset.object_key.startswith("team/") == (kind == "with a prefix")
    assert asset.object_key.endswith(".bin")


@pytest.mark.usefixtures("way")
def test_the_qualifier_may_be_the_contexts(tmp_path: Path, image: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "out"), context={"@aws-cdk/core:bootstrapQualifier": "acme"})
    stage(cdk.NestedStack(cdk.Stack(app, "Stack"), "Nested"), image)
    app.synth()
    _, goes_to = uploads(tmp_path / "out")["Update/Firmware"]
    assert goes_to["bucketName"] == "cdk-acme-assets-${AWS::AccountId}-${AWS::Region}"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("where", ["stack", "stack, stage", "stack, nested"])
def test_an_assembly_can_be_moved(tmp_path: Path, image: Path, where: str) -> None:
    """As between the steps of a pipeline: nothing in it says where on this machine it was made."""
    app, stack = placed(where, tmp_path / "out", None)
    stage(stack, image)
    app.synth()
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    path, _ = uploads(moved)["Update/Firmware"]
    assert path.read_bytes() == b"test"
    assert str(tmp_path) not in "".join(file.read_text() for file in moved.rglob("*.json"))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("where", ["stack", "stack, nested", "app, stage"])
def test_a_synthesizer_that_takes_them_in_python_is_asked(tmp_path: Path, image: Path, where: str) -> None:
    _, stack = placed(where, tmp_path / "out", Elsewhere())
    asset = stage(stack, image)
    assert asset.bucket_name == "published"
    assert asset.object_key.endswith(".bin")


@pytest.mark.usefixtures("way")
def test_the_legacy_synthesizer_takes_them(tmp_path: Path, image: Path) -> None:
    app, stack = placed("stack", tmp_path / "out", cdk.LegacyStackSynthesizer())
    cdk.CfnOutput(stack, "Bucket", value=stage(stack, image).bucket_name)
    assembly = app.synth()
    [metadata] = [
        entry["data"]
        for entry in json.loads((Path(assembly.directory) / "Stack.metadata.json").read_text())["/Stack"]
        if entry["type"] == "aws:cdk:asset"
    ]
    assert (Path(assembly.directory) / metadata["path"]).read_bytes() == b"test"
    bucket: Any = stack.node.find_child("Bucket")
    assert stack.resolve(bucket.value) == {"Ref": metadata["s3BucketParameter"]}


@pytest.mark.usefixtures("way")
def test_fails_for_the_synthesizer_that_takes_no_assets_as_the_cdk_does(stack: cdk.Stack, image: Path) -> None:
    bare = cdk.Stack(cdk.App(), "Bare", synthesizer=cdk.BootstraplessSynthesizer())
    with pytest.raises(RuntimeError, match="Cannot add assets to a Stack that uses the BootstraplessSynthesizer"):
        stage(bare, image)


def test_fails_when_the_file_changes_during_the_synth(stack: cdk.Stack, image: Path) -> None:
    image.write_bytes(b"other")
    with pytest.raises(FuotaValidationError, match=r"sensor\.bin' changed during the synth; run it again"):
        stage(stack, image)


MODULES = {"index.py": b"import other\n", "other.py": b"# \xc3\xa9\r\n"}


def modules(folder: Path, mode: int) -> list[Path]:
    """Modules as somebody installed them."""
    folder.mkdir()
    for name, content in MODULES.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(mode)
    return [folder / name for name in MODULES]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o600), (0o027, 0o644), (0o077, 0o400), (0o002, 0o777)])
def test_everybody_may_read_them_whatever_the_umask_and_the_modes(tmp_path: Path, umask: int, mode: int) -> None:
    files = modules(tmp_path / "installed", mode)
    os.umask(umask)
    app = cdk.App(outdir=str(tmp_path / "out"))
    stack = cdk.Stack(app, "Stack")
    stage_modules(stack, files, Named(stack, "Code", "Code"))
    stage_file(stack, files[0], Named(stack, "Image", "Image"), sha256=hashlib.sha256(MODULES["index.py"]).hexdigest())
    app.synth()
    (code, _), (image, _) = (uploads(tmp_path / "out")[name] for name in ("Code", "Image"))
    assert {path.name: path.read_bytes() for path in code.iterdir()} == MODULES
    assert {path.stat().st_mode & 0o777 for path in (*code.iterdir(), image)} == {0o644}


def test_wrong_modes_of_a_former_synth_are_put_right(tmp_path: Path) -> None:
    files = modules(tmp_path / "installed", 0o644)
    for _ in range(2):
        stack = cdk.Stack(cdk.App(outdir=str(tmp_path / "out")), "Stack")
        stage_modules(stack, files, Named(stack, "Code", "Code"))
        [code] = (tmp_path / "out").glob("asset.*")
        assert {path.stat().st_mode & 0o777 for path in code.iterdir()} == {0o644}
        assert code.stat().st_mode & 0o777 == 0o755
        (code / "index.py").chmod(0o600)
        code.chmod(0o700)


def test_the_hash_depends_on_names_and_content_only(tmp_path: Path) -> None:
    def key(folder: str, mode: int, *, reverse: bool, **changed: bytes) -> str:
        files = modules(tmp_path / folder, mode)
        for name, content in changed.items():
            (tmp_path / folder / f"{name}.py").write_bytes(content)
        for file in files:
            os.utime(file, (0, len(folder)))
        stack = cdk.Stack(cdk.App(outdir=str(tmp_path / f"{folder}.out")), folder)
        return stage_modules(stack, files[::-1] if reverse else files, Named(stack, "Code", folder)).object_key

    first = key("first", 0o644, reverse=False)
    assert key("second", 0o600, reverse=True) == first
    assert key("third", 0o644, reverse=False, other=b"# e\n") != first


IN_A_FOLDER = """
import json, os, sys
from pathlib import Path
import aws_cdk as cdk
from fuota_constructs.template.staged_asset import Named, stage_file

home, elsewhere, context = sys.argv[1:]
app = cdk.App(outdir="out", context=json.loads(context))
stack = cdk.Stack(cdk.Stage(app, "Prod"), "Stack")
os.chdir(elsewhere)
image = Path(home, "sensor.bin")
stage_file(stack, image, Named(stack, "Image", "Update/Firmware"), sha256=%r)
app.synth()
"""


@pytest.mark.parametrize("context", [{}, {"aws:cdk:disable-asset-staging": True}])
@pytest.mark.parametrize("elsewhere", ["here", "gone elsewhere", "where there is such a folder, too"])
def test_a_relative_folder_is_that_of_where_the_app_began(
    tmp_path: Path, image: Path, context: dict[str, bool], elsewhere: str
) -> None:
    """The CDK CLI names it so; with `--no-staging` it sets that context."""
    folder = tmp_path
    if elsewhere != "here":
        folder = tmp_path / elsewhere
        folder.mkdir()
    if elsewhere.startswith("where"):
        (folder / "out").mkdir()
    script = textwrap.dedent(IN_A_FOLDER % DIGEST)
    command = [sys.executable, "-c", script, str(tmp_path), str(folder), json.dumps(context)]
    temporary = {**os.environ, "TMPDIR": str(tmp_path)}  # what is not staged is uploaded from there, and stays
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=temporary)
    assert ran.returncode == 0, ran.stderr
    path, _ = uploads(tmp_path / "out")["Update/Firmware"]
    assert path.read_bytes() == b"test"
    if elsewhere.startswith("where"):
        assert list((folder / "out").iterdir()) == []
    if not context:
        assert path.resolve().parent == tmp_path / "out"


def test_no_warning_comes_of_an_explicit_synthesizer(tmp_path: Path, image: Path) -> None:
    """jsii prints one when Python asks such a stack for its synthesizer."""
    script = textwrap.dedent(IN_A_FOLDER % DIGEST).replace(
        '"Stack")\n', '"Stack", synthesizer=cdk.DefaultStackSynthesizer(qualifier="acme"))\n'
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(tmp_path), "{}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "cdk-acme-assets" in json.dumps([str(goes_to) for _, goes_to in uploads(tmp_path / "out").values()])
    assert "jsii" not in ran.stderr
