"""The environment a local cloud and its Lambda functions run in."""

import os
import re
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from fuota_constructs.local.certificates import make_certificates
from fuota_constructs.local.environment_variables import of_cloud

_NEEDS_NO_QUOTES = re.compile(r"[\w./+@-]+")


def set_environment(
    environment: MutableMapping[str, str], *, folder: Path, port: int, region: str, account: str, iam: bool, secret: str
) -> Path:
    """Set what MiniStack reads when it is imported, and what its Lambda functions inherit.

    Answers the folder of its temporary files, to be removed at the end.

    One listener on 127.0.0.1, no Docker, nothing kept on disk but temporary files, and of the developer's own variables
    only those on the allow-list of `environment_variables`.
    """
    kept = of_cloud(environment)
    for name in list(environment):
        if name not in kept:
            del environment[name]
    removed = scratch = folder / "tmp"
    if not _NEEDS_NO_QUOTES.fullmatch(str(scratch)):
        # A function has its /tmp there, and names it in command lines without quotes, as it can on AWS. By the link it
        # is found when the cloud was killed.
        removed = Path(tempfile.mkdtemp(prefix="fuota-cloud-", dir="/tmp"))
        scratch.symlink_to(removed)
        scratch = removed / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    nowhere = str(folder / "no-such-file")
    environment.update(
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        MINISTACK_REGION=region,
        MINISTACK_ACCOUNT_ID=account,
        AWS_SECRET_ACCESS_KEY=secret,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AUTH="true" if iam else "false",
        USE_SSL="1" if iam else "0",
        PERSIST_STATE="0",
        S3_PERSIST="0",
        S3_DATA_DIR=str(scratch / "s3"),
        STATE_DIR=str(scratch / "state"),
        TMPDIR=str(scratch),
        LAMBDA_EXECUTOR="local",
        LOG_LEVEL="INFO",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        DOCKER_HOST=f"unix://{nowhere}",
    )
    if iam:
        files = make_certificates(folder / "tls")
        environment.update(
            MINISTACK_SSL_CERT=str(files.server),
            MINISTACK_SSL_KEY=str(files.server_key),
            # For the Lambda functions: boto3 reads the first, urllib (the answer to CloudFormation) the second.
            AWS_CA_BUNDLE=str(files.bundle),
            SSL_CERT_FILE=str(files.bundle),
            REQUESTS_CA_BUNDLE=str(files.bundle),
            NODE_EXTRA_CA_CERTS=str(files.authority),
        )
    return removed
