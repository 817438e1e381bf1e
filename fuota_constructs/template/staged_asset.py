"""Files that go with the cloud assembly: the code of Lambda functions and firmware images.

Only the given files get into an asset, with modes of its own: neither `__pycache__`, nor the umask under which this
library was installed, nor a clock changes what is uploaded. Lambda runs code as another user than its owner and cannot
import a module that others may not read; and an asset is uploaded once, so a wrong mode would stay.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import aws_cdk as cdk
import jsii
from jsii.errors import JSIIError

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.jsii_answers import answered, field
from fuota_constructs.template.typed_resource import attribute, typed_construct

if TYPE_CHECKING:
    from constructs import Construct


class StagedAsset(NamedTuple):
    """Where an asset will be in S3."""

    bucket_name: str
    object_key: str


class Named(NamedTuple):
    """Where an asset is in the construct tree, if it gets a construct, and what the CDK CLI calls it."""

    scope: "Construct"
    id: str
    display_name: str


class _Content(NamedTuple):
    files: dict[str, bytes]  # by where they are in the asset
    digest: str
    extension: str
    packaging: cdk.FileAssetPackaging


def stage_file(stack: cdk.Stack, file: Path, named: Named, *, sha256: str) -> StagedAsset:
    """Put a file into the cloud assembly of a stack, to be uploaded as it is.

    Raises `FuotaValidationError` when the file is no longer the one with this SHA-256: uploaded under that name, the
    wrong content would stay in the asset bucket for good, because the CDK uploads no asset twice.
    """
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FuotaValidationError("image-file", f"firmware image {str(file)!r} changed during the synth; run it again")
    return _stage(stack, _Content({file.name: content}, sha256, file.suffix, cdk.FileAssetPackaging.FILE), named)


def stage_text(stack: cdk.Stack, text: str, named: Named) -> StagedAsset:
    """Put a text into the cloud assembly of a stack, to be uploaded as a file in UTF-8."""
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    return _stage(stack, _Content({"text.txt": content}, digest, ".txt", cdk.FileAssetPackaging.FILE), named)


def stage_modules(
    stack: cdk.Stack, files: Iterable[Path], named: Named, *, packages: Mapping[str, Path] | None = None
) -> StagedAsset:
    """Put Python modules into the cloud assembly of a stack, to be uploaded as one zip.

    `packages` has folders of more modules, by where they are in the zip. The hash of the asset is that of the names and
    contents: not of times, modes or places.
    """
    modules = {module.name: module for module in files}
    for place, folder in (packages or {}).items():
        modules.update({f"{place}/{module.relative_to(folder)}": module for module in folder.rglob("*.py")})
    texts = {name: module.read_bytes() for name, module in sorted(modules.items())}
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name}:{len(text)}:".encode() + text)
    content = _Content(texts, digest.hexdigest(), "", cdk.FileAssetPackaging.ZIP_DIRECTORY)
    return _stage(stack, content, named)


def _stage(stack: cdk.Stack, content: _Content, named: Named) -> StagedAsset:
    folders = _folders_of(stack)
    if folders:
        staged = _copy(content, folders.assets / f"asset.{content.digest}{content.extension}")
        # The synthesizer a stack shows to Python may be the one it was given, while the CDK uses a copy of it. But in
        # Node.js a stack itself takes assets, as it did in version 1, although that is no longer declared.
        with contextlib.suppress(JSIIError):  # it no longer does
            source = {
                "fileName": os.path.relpath(staged, folders.assembly),
                "packaging": content.packaging,
                "sourceHash": content.digest,
                "displayName": named.display_name,
            }
            location = answered(jsii.invoke, jsii.unsafe_cast(stack, cdk.IStackSynthesizer), "addFileAsset", [source])
            return StagedAsset(field(location, "bucket_name"), field(location, "object_key"))
    return _stage_in_node(content, named)


class _Folders(NamedTuple):
    """Where the assets are, and the assembly that names them."""

    assets: Path
    assembly: Path


@functools.cache  # jsii keeps every construct for good, so this keeps none longer
def _folders_of(stack: cdk.Stack) -> _Folders | None:
    """The folders a stack goes to, if Python can tell: the CDK CLI names them relative to where Node.js was started."""
    stage = cast("cdk.Stage", cdk.Stage.of(stack))  # a stack without an app gets one from the CDK
    assets = Path(stage.asset_outdir)
    folders = _Folders(assets, assets if isinstance(stage, cdk.App) else Path(stage.outdir))
    if folders.assets.is_absolute() or _is_the_same_in_node(folders.assets):
        return _Folders(folders.assets.absolute(), folders.assembly.absolute())
    return None


def _is_the_same_in_node(folder: Path) -> bool:
    # Python may have gone elsewhere since Node.js was started; there may even be a folder of that name there.
    try:
        with tempfile.TemporaryDirectory(prefix=".staging-", dir=folder) as made:
            return cdk.FileSystem.is_empty(str(folder / Path(made).name))
    except (OSError, RuntimeError):
        return False


def _stage_in_node(content: _Content, named: Named) -> StagedAsset:
    """The same by the CDK's own construct, which costs a synth some 40 ms to load."""
    folder = Path(tempfile.mkdtemp(prefix="fuota-asset-"))
    staged = str(_copy(content, folder / f"content{content.extension}"))
    props = {"path": staged, "assetHash": content.digest, "displayName": named.display_name}
    asset = typed_construct(named.scope, named.id, "aws_s3_assets.Asset", props)
    if (
        attribute(asset, "assetPath") != staged
    ):  # after `cdk synth --no-staging` assets are uploaded from where they are
        shutil.rmtree(folder)
    return StagedAsset(attribute(asset, "s3BucketName"), attribute(asset, "s3ObjectKey"))


def _copy(content: _Content, staged: Path) -> Path:
    if not staged.exists():
        # Complete under another name first: a synth that is interrupted leaves no half an asset under the right one.
        with tempfile.TemporaryDirectory(prefix=".staging-", dir=staged.parent) as scratch:
            copies = Path(scratch, "content")
            copies.mkdir()
            for folder in {Path(name).parent for name in content.files} - {Path()}:
                (copies / folder).mkdir(parents=True, exist_ok=True)
            for name, data in content.files.items():
                (copies / name).write_bytes(data)
            zipped = content.packaging is cdk.FileAssetPackaging.ZIP_DIRECTORY
            (copies if zipped else copies / next(iter(content.files))).rename(staged)
    for path in (staged, *(staged.rglob("*") if staged.is_dir() else ())):
        mode = 0o755 if path.is_dir() else 0o644
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
    return staged
