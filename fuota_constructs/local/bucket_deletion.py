"""A bucket with something in it does not go with its stack: MiniStack deletes it, objects and all.

CloudFormation deletes empty buckets only (CloudFormation Template Reference, `DeletionPolicy`). Belongs to
`ministack_host`, which checks the seams below.
"""

import importlib
from typing import Any

_PROVISIONERS, _S3 = "ministack.services.cloudformation.provisioners", "ministack.services.s3"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_PROVISIONERS, "_RESOURCE_HANDLERS", None),
    (_S3, "_bucket_has_versions", ("name",)),
    (_S3, "_buckets", None),
)


def install() -> None:
    """Have CloudFormation refuse as S3 does."""
    s3: Any = importlib.import_module(_S3)
    handlers: Any = importlib.import_module(_PROVISIONERS)._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    delete_before = handlers["delete"]

    def delete(name: str, properties: Any) -> None:
        if name in s3._buckets and (s3._buckets[name]["objects"] or s3._bucket_has_versions(name)):
            raise RuntimeError("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")
        delete_before(name, properties)

    handlers["delete"] = delete
