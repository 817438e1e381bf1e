"""cdk-nag, cfn-lint and CDK's own validation have nothing to say about what this library makes."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from fuota_constructs import DlClass, FirmwareBucket, FuotaTask, MulticastGroup, RfRegion

ENVIRONMENTS = {
    "agnostic": None,
    "pinned": cdk.Environment(account="123456789012", region="eu-west-1"),
}


def everything(app, image, env):
    """Default bucket, one with a key, and one of another stack, whose ARN is settled only at synth.

    cdk-nag looks at no bare resource, such as the default bucket; that is held to be the same as a `FirmwareBucket`.
    """
    storage = cdk.Stack(app, "Storage", env=env)
    elsewhere = FirmwareBucket(storage, "Elsewhere")
    stack = cdk.Stack(app, "Fleet", env=env)
    encrypted = FirmwareBucket(stack, "Encrypted", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    for name, bucket in {"Default": None, "WithKey": encrypted, "Elsewhere": elsewhere}.items():
        FuotaTask(
            stack,
            f"{name}Task",
            firmware_image=image,
            rf_region=RfRegion.EU868,
            multicast_groups=[group],
            firmware_bucket=bucket,
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cdk_nag_finds_nothing(app, image, environment):
    everything(app, image, ENVIRONMENTS[environment])
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    app.synth()


def test_cdk_nag_still_looks(app, stack):
    """Without our acknowledgments it would complain: the test above is not vacuous."""
    s3.Bucket(stack, "Plain")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cfn_lint_finds_nothing(app, image, environment):
    everything(app, image, ENVIRONMENTS[environment])
    for template in Path(app.synth().directory).glob("*.template.json"):
        assert [str(match) for match in cfnlint.api.lint(template.read_text())] == []


VALIDATED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    import aws_cdk as cdk
    from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

    app = cdk.App(outdir="cdk.out")
    stack = cdk.Stack(app, "Stack")
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    Path("fw.bin").write_bytes(b"firmware")
    FuotaTask(
        stack,
        "Task",
        firmware_image=FirmwareImage.from_asset("fw.bin"),
        rf_region=RfRegion.EU868,
        multicast_groups=[group],
    )
    app.synth()
    """
)


def test_cdk_validation_finds_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("CDK_VALIDATION")
    (tmp_path / "app.py").write_text(VALIDATED)
    ran = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Warning" not in ran.stderr
    report = tmp_path / "cdk.out" / "validation-report.json"
    if report.exists():
        findings = [
            violation
            for plugin in json.loads(report.read_text())["pluginReports"]
            for violation in plugin["violations"]
        ]
        assert findings == []
