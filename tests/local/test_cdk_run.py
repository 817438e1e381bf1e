"""Runs of the CDK CLI: what they keep, and what is left when they are cut off."""

import contextlib
import os
import re
import time
from pathlib import Path

import pytest

from fuota_constructs.local import cdk_cli
from fuota_constructs.local.cdk_run import CdkRun
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.deployment import synthesise

APP = "import os, tempfile, time; print('app', os.getpid(), tempfile.mkdtemp(), flush=True); time.sleep(600)"


def test_an_interrupted_synthesis_leaves_neither_the_app_nor_its_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text('{"app": "python3 app.py"}')
    cloud = LocalCloud(pid=1, port=1, region="eu-west-1", account="000000000000", iam=False)
    cdk_cli.ensure()
    said: list[str] = []

    def listen(line: str) -> None:
        said.append(line)
        if line.startswith("app "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(cloud, [], print, listen=listen)
    found = re.fullmatch(r"app (\d+) (\S+)", said[-1])
    assert found, said
    assert Path(found[2]).is_relative_to(tmp_path / "tmp")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((cloud.folder / "runs").iterdir()) == []
    deadline = time.monotonic() + 60  # a machine that is busy takes its time to bury it
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(int(found[1]), 0)
            time.sleep(0.01)
        pytest.fail("the app runs on")


@pytest.mark.parametrize("is_writable", [True, False])
def test_the_next_run_need_not_compile_the_cli_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_writable: bool
) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))
    compiled = tmp_path / "compiled"
    monkeypatch.setattr(cdk_cli, "compiled_folder", lambda: compiled)
    if not is_writable:
        compiled.write_text("a file")
    cloud = LocalCloud(pid=1, port=1, region="eu-west-1", account="000000000000", iam=False)
    said: list[str] = []
    with CdkRun.begin(cloud) as run:
        assert run.cdk(["--version"], listen=said.append) == 0
    assert said[0].startswith(cdk_cli.version())
    assert compiled.is_dir() == is_writable
    assert any(each.stat().st_size > 100_000 for each in compiled.rglob("*")) == is_writable
