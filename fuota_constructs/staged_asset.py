"""Files that go with the cloud assembly: the provider's code and firmware images.

It is what `cdk.AssetStaging` does, without loading its machinery for patterns, links and bundling, which costs more CPU
than the rest of the provider. Only the given files get into an asset, so no `__pycache__` changes its hash.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable


def stage_file(stack: cdk.Stack, file: Path, *, sha256: str) -> cdk.FileAssetLocation:
    """Put a file into the cloud assembly, to be uploaded as it is; answers with where it will be in S3.

    Raises `FuotaValidationError` when the file is no longer the one with this SHA-256: uploaded under that name, the
    wrong content would stay in the asset bucket for good, because the CDK uploads no asset twice.
    """
    if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise FuotaValidationError("image-file", f"firmware image {str(file)!r} changed during the synth; run it again")
    return _stage(stack, [file], f"{sha256}{file.suffix}", sha256, cdk.FileAssetPackaging.FILE)


def stage_modules(stack: cdk.Stack, files: Iterable[Path]) -> cdk.FileAssetLocation:
    """Put Python modules into the cloud assembly, to be uploaded as one zip; answers with where it will be in S3.

    The hash of the asset is that of the names and contents: not of times, modes or places.
    """
    modules = sorted(files)
    digest = hashlib.sha256()
    for module in modules:
        content = module.read_bytes()
        digest.update(f"{module.name}:{len(content)}:".encode() + content)
    sha256 = digest.hexdigest()
    return _stage(stack, modules, sha256, sha256, cdk.FileAssetPackaging.ZIP_DIRECTORY)


def _stage(
    stack: cdk.Stack, files: list[Path], name: str, sha256: str, packaging: cdk.FileAssetPackaging
) -> cdk.FileAssetLocation:
    assets, assembly, synthesizer = _destination_of(stack)
    staged = Path(assets, f"asset.{name}")
    if not staged.exists():
        _copy(files, staged, packaging)
    return synthesizer.add_file_asset(
        file_name=os.path.relpath(staged, assembly), packaging=packaging, source_hash=sha256
    )


@functools.cache  # jsii keeps every construct for good, so this keeps none longer
def _destination_of(stack: cdk.Stack) -> tuple[str, str, cdk.IStackSynthesizer]:
    """The folders of the assets and of the assembly, and who gives assets their place in S3."""
    stage = cast("cdk.Stage", cdk.Stage.of(stack))  # a stack without an app gets one from the CDK
    return stage.asset_outdir, stage.outdir, stack.synthesizer


def _copy(files: list[Path], staged: Path, packaging: cdk.FileAssetPackaging) -> None:
    # Complete under another name first: a synth that is interrupted leaves no half an asset under the right one.
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=staged.parent) as scratch:
        content = Path(scratch, "content")
        content.mkdir()
        for file in files:
            shutil.copyfile(file, content / file.name)
        (content if packaging is cdk.FileAssetPackaging.ZIP_DIRECTORY else content / files[0].name).rename(staged)
