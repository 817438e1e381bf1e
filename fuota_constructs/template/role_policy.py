"""The policy of a role that this library makes for itself; it grows while the app is built."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
import jsii

from fuota_constructs.template.acknowledgments import acknowledge_wildcards, flat, somebody_asks
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.pseudo_parameters import as_text
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import constructs
    from aws_cdk import aws_iam as iam

Resource = str | dict[str, object]
"""What a statement is about: its ARN, with tokens or as a template has it."""

Statement = dict[str, Any]
"""A statement as IAM writes it, with a Sid and a list of resources."""


class RolePolicy:
    """One policy, with one statement for each Sid whatever it comes to allow."""

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        role: iam.IRole,
        policy_name: str,
        statements: Iterable[Statement],
        wildcards: Mapping[str, str],
        customized: bool,
        given: bool = False,
        grows: bool = False,
    ) -> None:
        """Attach the policy to the role; `wildcards` says why, by Sid, a statement cannot do without one.

        `customized`: others make the roles; then the template has no policy, but the CDK writes it into its report.
        `given`: the role is one of the user's, which may serve other stacks and may take no policies.
        `grows`: more is allowed for certain; the policy is made then, which saves the CDK one that is replaced at once.
        """
        self._given, self._name, self._customized = given, policy_name, customized
        self._beside: list[RolePolicy] = []
        self._scope, self._role, self._wildcards = scope, role, wildcards
        self._statements: dict[str, Statement] = {}
        self._add(statements)
        self._collects, self._unwritten = False, True
        self._users: list[cdk.CfnResource] = []
        self.resource: cdk.CfnResource | None = None
        """What is in the template, if it is there by now."""
        if given:
            self.resource, self._unwritten = self._attach(policy_name), False
        elif not grows:
            self._write()

    @property
    def document(self) -> dict[str, object]:
        """The policy as it is now."""
        return {"Version": "2012-10-17", "Statement": list(self._statements.values())}

    @property
    def _document_of_texts(self) -> dict[str, object]:
        """The same for `iam.PolicyDocument`, which takes texts only."""
        return {**self.document, "Statement": list(map(_of_texts, self._statements.values()))}

    def allow(self, statements: Iterable[Statement]) -> None:
        """Allow more: statements of a new Sid, or more resources for one there is."""
        self._unwritten = self._add(statements) or self._unwritten
        if not self._collects:
            self._write()

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Write all that is allowed meanwhile at once, in one round trip to the CDK."""
        self._collects = True
        try:
            yield
        finally:
            self._collects = False
            self._write()

    def outlive(self, user: cdk.CfnResource) -> None:
        """Be there before what needs these permissions, and until it is gone; nothing where others make the roles."""
        if self.resource:
            user.add_resource_dependency(self.resource)
        else:
            self._users.append(user)

    def beside(self, scope: constructs.Construct, name: str, statements: Iterable[Statement]) -> RolePolicy:
        """Another policy of the role, for what must be there before something that this one is about."""
        another = RolePolicy(
            scope,
            role=self._role,
            policy_name=f"{self._name}{name}",
            statements=statements,
            wildcards=self._wildcards,
            customized=self._customized,
            given=self._given,
        )
        self._beside.append(another)
        return another

    def settle(self) -> None:
        """Answer cdk-nag's findings about wildcards, and report what others must grant: call this at synth."""
        for another in self._beside:
            another.settle()
        if self.resource is None and self._given:
            shown = json.dumps(_readable(cdk.Stack.of(self._scope).resolve(self.document)), separators=(",", ":"))
            warn(
                self._scope,
                "provider-role",
                f"this app can add no policy to the role {self._role.node.path}, which must be allowed: {shown}",
            )
        elif self.resource is None:
            from aws_cdk import aws_iam as iam

            document = iam.PolicyDocument.from_json(self._document_of_texts)
            self._role.attach_inline_policy(iam.Policy(self._scope, "Policy", document=document))
        elif somebody_asks():
            allowed = {sid: each for sid, each in self._statements.items() if each["Effect"] == "Allow"}
            resources = {sid: statement["Resource"] for sid, statement in allowed.items()}
            acknowledge_wildcards(self.resource, resources, self._wildcards)

    def _attach(self, policy_name: str) -> cdk.CfnResource | None:
        from aws_cdk import aws_iam as iam

        # A second policy of the same name, of another stack that uses the role, would overwrite the first one.
        end_of_stack_id = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))
        document = iam.PolicyDocument.from_json(self._document_of_texts)
        policy = iam.Policy(self._scope, "Policy", policy_name=f"{policy_name}-{end_of_stack_id}", document=document)
        self._role.attach_inline_policy(policy)
        rendered = cast("iam.CfnPolicy", policy.node.default_child)
        # To a role imported as immutable the CDK attaches nothing, and renders no such policy.
        return rendered if policy.stack.resolve(rendered.roles) else None

    def _write(self) -> None:
        if self._unwritten and self.resource:
            jsii.set(self.resource, "policyDocument", self.document)
        elif self._unwritten and not (self._given or self._customized):
            roles = [attribute(self._role, "roleName")]
            props = {"policyDocument": self.document, "policyName": self._name, "roles": roles}
            self.resource = typed_resource(self._scope, "Policy", "aws_iam.CfnPolicy", props)
            for user in self._users:
                user.add_resource_dependency(self.resource)
        self._unwritten = False

    def _add(self, statements: Iterable[Statement]) -> bool:
        added = False
        for statement in statements:
            present = self._statements.setdefault(statement["Sid"], {**statement, "Resource": []})["Resource"]
            new = [resource for resource in statement["Resource"] if resource not in present]
            present += new
            added = added or bool(new)
        return added


def _of_texts(statement: Statement) -> Statement:
    conditions = {
        operator: {key: list(map(as_text, of)) if isinstance(of, list) else as_text(of) for key, of in tests.items()}
        for operator, tests in statement.get("Condition", {}).items()
    }
    texts = {**statement, "Resource": list(map(as_text, statement["Resource"]))}
    return {**texts, "Condition": conditions} if conditions else texts


def _readable(document: Any) -> Any:
    """A policy for people: what CloudFormation puts in stands in angle brackets."""
    if isinstance(document, list):
        return [_readable(each) for each in document]
    if isinstance(document, dict) and not any(name == "Ref" or name.startswith("Fn::") for name in document):
        return {name: _readable(each) for name, each in document.items()}
    return flat(document)
