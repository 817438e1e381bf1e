"""The resource of a request that names it where MiniStack's IAM does not look: it takes it for one on `*`.

AWS asks for the permission on each of a list. MiniStack has one resource a request, so the first one stands for all;
requests of the CDK's custom resources name one, or several of one prefix.
"""

import json
from urllib.parse import parse_qs

# The field of the body, and the resource in the ARN.
_LISTS = {
    "ssm": (("Names", "parameter/{}"), ("Path", "parameter/{}/*")),
    "ecr": (("repositoryNames", "repository/{}"),),
    # PutTargets, RemoveTargets and ListTargetsByRule; the operations on a rule itself call it Name.
    "events": (("Rule", "rule/{}"),),
    # The tagging operations, by the whole ARN; the others call it stateMachineArn or executionArn.
    "states": (("resourceArn", "{}"),),
}


def first_listed(service: str, body: bytes, region: str, account: str) -> str | None:
    """The ARN of the first resource in the body of a request; None where it names none."""
    if service == "iam":  # SimulatePrincipalPolicy names whose policies it asks about by an ARN (a form, not JSON)
        return next(iter(parse_qs(body.decode(errors="replace")).get("PolicySourceArn", ())), None)
    if service not in _LISTS:
        return None
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    for field, resource in _LISTS[service]:
        named = fields.get(field) if isinstance(fields, dict) else None
        name = named[0] if isinstance(named, list) and named else named
        if isinstance(name, str) and name.startswith("arn:"):
            return name
        if isinstance(name, str) and name:
            # A rule of the default bus has no bus in its ARN.
            bus = fields.get("EventBusName") or "default"
            if service == "events" and bus != "default":
                name = f"{bus.rpartition('/')[2]}/{name}"
            return f"arn:aws:{service}:{region}:{account}:{resource.format(name.strip('/'))}"
    return None
