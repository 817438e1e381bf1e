"""Findings of policy checkers (cdk-nag) that this library answers itself, so that its users need not.

`python -m fuota_constructs.template.acknowledgments` prints them as the table of docs/how-to/policy-checkers.md.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import aws_cdk as cdk
import constructs
import jsii

SOLUTIONS, SERVERLESS = ("AwsSolutions",), ("Serverless",)
HIPAA, NIST_4, NIST_5, PCI = ("HIPAA.Security",), ("NIST.800.53.R4",), ("NIST.800.53.R5",), ("PCI.DSS.321",)
REGULATED = (*HIPAA, *NIST_4, *NIST_5, *PCI)


class Answer(NamedTuple):
    """A rule of some packs, and why what this library makes does not follow it."""

    rule: str
    packs: tuple[str, ...]
    reason: str

    @property
    def ids(self) -> list[str]:
        """What the packs call it."""
        return [f"{pack}-{self.rule}" for pack in self.packs]


_FUNCTION = (
    Answer(
        "LambdaInsideVPC", REGULATED, "it calls public APIs of AWS, takes no connections and needs nothing of a VPC"
    ),
    Answer("LambdaTracing", SERVERLESS, "its log has one line for each thing it did, which a trace would repeat"),
    Answer(
        "CloudWatchLogGroupEncrypted",
        REGULATED,
        "the log holds ids, names and statuses, no secrets, and CloudWatch Logs encrypts it with a key of its own",
    ),
)
POLICY = (
    Answer(
        "IAMNoInlinePolicy",
        REGULATED,
        "it is for this role and these resources only and goes with them; a managed one could be attached elsewhere",
    ),
)
PROVIDER = (
    *_FUNCTION,
    *POLICY,
    Answer(
        "LambdaConcurrency",
        (*HIPAA, *NIST_5),
        "CloudFormation alone invokes it, once for each resource that changes; a limit would let deployments fail",
    ),
    Answer(
        "LambdaDLQ",
        (*HIPAA, *NIST_5, *SERVERLESS),
        "CloudFormation waits for the answer to each event: one that is lost fails the deployment, and is seen",
    ),
)
_NEXT_POLL = "it holds what the last poll saw, and the next poll sees it again"
POLLS = (
    *_FUNCTION,
    *POLICY,
    Answer(
        "LambdaConcurrency",
        (*HIPAA, *NIST_5),
        "it runs once for each monitor and interval; a limit would let polls of other monitors fail",
    ),
    Answer(
        "LambdaDLQ",
        (*HIPAA, *NIST_5, *SERVERLESS),
        "a poll that is lost is made up for by the next one, which sees what it would have seen",
    ),
    Answer("DDB3", SOLUTIONS, _NEXT_POLL),
    Answer("DynamoDBPITREnabled", (*HIPAA, *NIST_4, *NIST_5), _NEXT_POLL),
    Answer("DynamoDBInBackupPlan", (*HIPAA, *NIST_4, *NIST_5), _NEXT_POLL),
)
RULE = (Answer("EventBusDLQ", SERVERLESS, "a poll that could not be started is made up for by the next one"),)
_CONTROL = "it holds one word of the operator's, and what each rollout did is kept in the firmware bucket"
ROLLOUT = (
    *_FUNCTION,
    *POLICY,
    Answer("LambdaConcurrency", (*HIPAA, *NIST_5), "one step of one rollout runs at a time"),
    Answer(
        "LambdaDLQ",
        (*HIPAA, *NIST_5, *SERVERLESS),
        "the state machine waits for each answer and asks again for one that is lost",
    ),
    Answer("DDB3", SOLUTIONS, _CONTROL),
    Answer("DynamoDBPITREnabled", (*HIPAA, *NIST_4, *NIST_5), _CONTROL),
    Answer("DynamoDBInBackupPlan", (*HIPAA, *NIST_4, *NIST_5), _CONTROL),
    Answer(
        "SF1", SOLUTIONS, "its steps are in the history of the execution, and what they found in the firmware bucket"
    ),
    Answer("SF2", SOLUTIONS, "one step of one function runs at a time: a trace would repeat the history"),
    Answer("StepFunctionStateMachineXray", SERVERLESS, "a trace would repeat the history of the execution"),
    Answer("EventBusDLQ", SERVERLESS, "an end that could not be told is in the history of the execution"),
)
VERSIONS = (
    Answer(
        "DynamoDBInBackupPlan",
        (*HIPAA, *NIST_4, *NIST_5),
        "it has point-in-time recovery, and devices report their version again",
    ),
)
_LOGGED_ON_DEMAND = (
    "one AWS service reads the firmware that it holds and broadcasts it to devices; whoever needs access logs gives a"
    " `FirmwareBucket` with `server_access_logs_bucket`"
)
UNLOGGED_BUCKET = (
    Answer("S1", SOLUTIONS, _LOGGED_ON_DEMAND),
    Answer("S3BucketLoggingEnabled", REGULATED, _LOGGED_ON_DEMAND),
)
BUCKET_WITHOUT_KEY = (
    Answer(
        "S3DefaultEncryptionKMS",
        (*HIPAA, *NIST_5, *PCI),
        "AWS documents FUOTA only for images without encryption or with keys of S3, as here",
    ),
)
BUCKET = (
    Answer(
        "S3BucketReplicationEnabled",
        REGULATED,
        "it holds copies of images, which the next deployment makes again, and the service reads them in this Region",
    ),
    Answer("S3BucketDefaultLockEnabled", NIST_4, "keys name the content, so nothing is overwritten; versions are kept"),
)

MADE: Mapping[str, Iterable[Answer]] = {
    "the provider of a stack": PROVIDER,
    "what a firmware update role is granted": POLICY,
    "a bucket for firmware": BUCKET,
    "a bucket for firmware without `encryption_key`": BUCKET_WITHOUT_KEY,
    "a bucket for firmware without `server_access_logs_bucket`": UNLOGGED_BUCKET,
    "the polls of the monitors of a stack": POLLS,
    "the rule of a monitor": RULE,
    "the function and the machines of a rollout": ROLLOUT,
    "the versions that devices report": VERSIONS,
    "the role of `schedule_start`": POLICY,
}
"""All answers, by what they are about; those about wildcards in policies are told by the policies."""


def somebody_asks() -> bool:
    """Whether the app has loaded cdk-nag: then it is worth a synth's time to answer it."""
    return "cdk_nag" in sys.modules


def acknowledge(construct: constructs.IConstruct, answers: Iterable[Answer]) -> None:
    """Acknowledge findings on a construct and what is below it."""
    _acknowledge(construct, {each: answer.reason for answer in answers for each in answer.ids})


@jsii.implements(constructs.IValidation)
class AcknowledgedAtSynth:
    """Acknowledges findings when the app is synthesised, if somebody asks then: cdk-nag looks last."""

    def __init__(self, construct: constructs.IConstruct, answers: Iterable[Answer]) -> None:
        """As `acknowledge`, later."""
        self._answers = [(construct, answers)]
        construct.node.add_validation(cast("constructs.IValidation", self))

    def also(self, construct: constructs.IConstruct, answers: Iterable[Answer]) -> None:
        """Those of another construct, too."""
        self._answers.append((construct, answers))

    def validate(self) -> list[str]:
        """Called by the CDK."""
        if somebody_asks():
            for construct, answers in self._answers:
                acknowledge(construct, answers)
        return []


def acknowledge_wildcards(
    policy: constructs.IConstruct, resources: Mapping[str, Sequence[object]], reasons: Mapping[str, str]
) -> None:
    """Acknowledge the wildcards of a policy, by the Sid of their statements: its resources, and the reason for each.

    cdk-nag wants each wildcard acknowledged under the very text of its resource. Where another stack's bucket is in it,
    that text is settled only when the app is synthesised, so call this then.
    """
    wildcards = {
        f"AwsSolutions-IAM5[Resource::{resource}]": reasons[sid]
        for sid, its_resources in cdk.Stack.of(policy).resolve(dict(resources)).items()
        if sid in reasons  # an asterisk in what a user named is his to explain
        for resource in map(flat, its_resources)
        if "*" in resource
    }
    _acknowledge(policy, wildcards)


def markdown_table() -> str:
    """The table of all answers, as Markdown."""
    rows = [
        f"| {what} | `{answer.rule}` | {', '.join(answer.packs)} | {answer.reason} |"
        for what, answers in MADE.items()
        for answer in answers
    ]
    return "\n".join(["| about | rule | packs | why it is as it is |", "|---|---|---|---|", *rows, ""])


def _acknowledge(construct: constructs.IConstruct, reasons: Mapping[str, str]) -> None:
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )


def flat(value: Any) -> str:
    """A resource as cdk-nag writes it: references in angle brackets, joins joined."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), [*items]]}:
            return delimiter.join(map(flat, items))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{flat(resource)}.{flat(attribute)}>"
        case {"Fn::Sub": inner} | {"Fn::ImportValue": inner}:
            return flat(inner)
        case {"Ref": name}:
            return f"<{flat(name)}>"
        case _:
            return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    sys.stdout.write(markdown_table())
