"""The resource of a request that names several: MiniStack's IAM takes such a request for one on `*`.

AWS asks for the permission on each. MiniStack has one resource a request, so the first one stands for all; requests of
the CDK's custom resources name one, or several of one prefix.
"""

import json

# The field of the body, and the resource in the ARN.
_LISTS = {
    "ssm": (("Names", "parameter/{}"), ("Path", "parameter/{}/*")),
    "ecr": (("repositoryNames", "repository/{}"),),
}


def first_listed(service: str, body: bytes, region: str, account: str) -> str | None:
    """The ARN of the first resource in the body of a request; None where it names none."""
    if service not in _LISTS:
        return None
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    for field, resource in _LISTS[service]:
        named = fields.get(field) if isinstance(fields, dict) else None
        name = named[0] if isinstance(named, list) and named else named
        if isinstance(name, str) and name:
            return f"arn:aws:{service}:{region}:{account}:{resource.format(name.strip('/'))}"
    return None
