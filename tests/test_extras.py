"""The extras: what pyproject.toml lists is what the messages name, and each message is one line with its remedy."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fuota_constructs import extras

PYPROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
# A module set to None is one that Python cannot find.
WITHOUT_CDK = "import sys; sys.modules.update(aws_cdk=None, constructs=None, jsii=None, typing_extensions=None)\n"
LISTED = PYPROJECT["project"]["optional-dependencies"]


def package(requirement: str) -> str:
    return re.split(r"[\[=<>]", requirement)[0]


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_package_alone_needs_nothing() -> None:
    assert PYPROJECT["project"]["dependencies"] == []


def test_the_extras_are_those_of_pyproject() -> None:
    ours = PYPROJECT["project"]["name"]
    assert {
        extra: sorted(package(each) for each in requirements if package(each) != ours)
        for extra, requirements in LISTED.items()
    } == {extra: sorted(brings) for extra, brings in extras.EXTRAS.items()}


def test_the_local_cloud_brings_the_cdk_for_the_app_it_deploys() -> None:
    assert "fuota-constructs[cdk]" in LISTED["local"]


def test_planning_brings_no_cdk() -> None:
    assert not {"cdk", "local"} & {extra for extra in LISTED for each in LISTED["plan"] if f"[{extra}]" in each}
    assert not extras.EXTRAS["plan"].keys() & extras.EXTRAS["cdk"].keys()


def test_a_package_has_one_range_of_versions_in_all_extras() -> None:
    ranges: dict[str, set[str]] = {}
    for requirement in (each for requirements in LISTED.values() for each in requirements):
        ranges.setdefault(package(requirement), set()).add(requirement)
    assert [name for name, found in ranges.items() if len(found) > 1] == []


def test_packages_are_imported_under_the_names_we_look_for() -> None:
    modules = importlib.metadata.packages_distributions()
    for brings in extras.EXTRAS.values():
        for name, module in brings.items():
            assert name in {found.lower().replace("_", "-") for found in modules[module]}


def test_nothing_is_said_when_all_is_there() -> None:
    extras.require("the work", *extras.EXTRAS)


def test_fails_naming_every_missing_package_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("boto3", "yaml", "rich"):
        monkeypatch.setitem(sys.modules, module, None)
    message = "^the work needs boto3, pyyaml and rich: pip install 'fuota-constructs\\[cli,local\\]'$"
    with pytest.raises(extras.MissingPackageError, match=message):
        extras.require("the work", "cli", "local")


@pytest.mark.parametrize(
    ("module", "given", "message"),
    [
        ("click", ("cli",), "it needs click: pip install 'fuota-constructs[cli]'"),
        ("yaml.nodes", ("cli",), "it needs yaml: pip install 'fuota-constructs[cli,local]'"),
        ("jsii", ("cli", "local"), "it needs jsii: pip install 'fuota-constructs[cli,local,cdk]'"),
        ("PIL", ("plan",), "it needs PIL: pip install 'fuota-constructs[plan]'"),
    ],
)
def test_a_module_that_was_not_found_is_explained(module: str, given: tuple[str, ...], message: str) -> None:
    assert str(extras.explained(ModuleNotFoundError(name=module), "it", *given)) == message


@pytest.mark.parametrize("module", [None, "_ctypes", "sqlite3.dbapi2", "fuota_constructs.gone"])
def test_a_module_no_extra_brings_is_not_explained(module: str | None) -> None:
    assert extras.explained(ModuleNotFoundError(name=module), "it", "cli") is None


def test_fails_to_give_a_construct_without_the_cdk() -> None:
    done = run(WITHOUT_CDK + "from fuota_constructs import FuotaTask")
    said = "FuotaTask needs aws-cdk-lib, constructs, jsii and typing-extensions: pip install 'fuota-constructs[cdk]'"
    assert done.stderr.splitlines()[-1].endswith(f"MissingPackageError: {said}")
    assert done.stderr.count("Traceback") == 1


def test_what_needs_no_cdk_is_given_without_it() -> None:
    code = "from fuota_constructs import Finding, FuotaValidationError, RfRegion; print(RfRegion.EU868)"
    assert run(WITHOUT_CDK + code).stdout == "EU868\n"


def test_fails_to_load_the_testing_kit_without_its_extra() -> None:
    done = run("import sys; sys.modules.update(botocore=None, ministack=None)\nimport fuota_constructs.local.testing")
    said = "fuota_constructs.local.testing needs ministack: pip install 'fuota-constructs[local]'"
    assert done.stderr.splitlines()[-1].endswith(f"MissingPackageError: {said}")
