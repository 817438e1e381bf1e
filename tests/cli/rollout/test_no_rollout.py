"""`fuota rollout`, where nothing is deployed."""

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root
from fuota_constructs.local.cloud import LocalCloud


@pytest.mark.parametrize(
    ("narrowed", "other"),
    [([], "cloud"), (["--region", "us-east-1", "--account", "111122223333"], "account or Region")],
)
def test_fails_naming_what_else_could_have_it(cloud: LocalCloud, narrowed: list[str], other: str) -> None:
    done = CliRunner().invoke(root, ["rollout", "status", "Meters", "--port", str(cloud.port), *narrowed])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"there is no rollout at all; deploy a FuotaRollout, or is this the wrong {other}? (`fuota" in done.stderr
