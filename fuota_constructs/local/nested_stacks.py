"""Nested stacks, deployed and deleted as any other stack: with their cleanup, their rollback, policies and failures.

MiniStack goes through a child in a loop of its own, which leaves what a custom resource replaced, what a failed child
had made and what did not go when it was deleted, and deletes what a policy retains. On AWS a child cleans up with its
parent; here it does with itself, so that when a parent fails after its child, what the child replaced is gone, and its
resources are updated back instead. Belongs to `ministack_host`, which checks the seams below.
"""

import asyncio
import copy
import importlib
import uuid
from typing import Any

from fuota_constructs.local import failed_resources
from fuota_constructs.local.functions.custom_resource_answers import HiddenText
from fuota_constructs.local.functions.custom_resources import ResourceError

_TYPE = "AWS::CloudFormation::Stack"
_PACKAGE = "ministack.services.cloudformation"
_STACKS, _PROVISIONERS, _ENGINE = f"{_PACKAGE}.stacks", f"{_PACKAGE}.provisioners", f"{_PACKAGE}.engine"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_PACKAGE, "_stacks", None),
    (_PACKAGE, "_stack_events", None),
    (_PROVISIONERS, "_RESOURCE_HANDLERS", None),
    (_PROVISIONERS, "_check_nested_stack_capabilities", ("parent_stack_name", "template")),
    (_PROVISIONERS, "_inherited_capabilities", ("parent_stack_name",)),
    (_PROVISIONERS, "_nested_stack_lookup_name", ("physical_id_or_arn",)),
    (_PROVISIONERS, "_tag_map", ("tags",)),
    (_ENGINE, "_parse_template", ("template_body",)),
    (_ENGINE, "_resolve_parameters", ("template", "provided_params", "previous_params")),
    (_ENGINE, "_evaluate_conditions", ("template", "params")),
    (f"{_PACKAGE}.helpers", "_resolve_template", ("params",)),
    ("ministack.core.responses", "get_account_id", ()),
    ("ministack.core.responses", "get_region", ()),
    ("ministack.core.responses", "now_iso", ()),
)
# What an update that fails goes back to.
_STATE = (
    "_resources",
    "_template",
    "_template_body",
    "_resolved_params",
    "_conditions",
    "Parameters",
    "Tags",
    "Outputs",
)

Record = dict[str, Any]


def install() -> None:
    """Take the place of MiniStack's handlers of AWS::CloudFormation::Stack."""
    _module(_PROVISIONERS)._RESOURCE_HANDLERS[_TYPE] = {"create": _create, "update": _update, "delete": _delete}


def _create(logical_id: str, properties: Record, parent_name: str) -> tuple[str, Record]:
    responses, parent = _module("ministack.core.responses"), _stacks()[parent_name]
    name = f"{parent_name}-{logical_id}-{uuid.uuid4().hex[:12]}"
    place = f"{responses.get_region()}:{responses.get_account_id()}"
    stack_id = f"arn:aws:cloudformation:{place}:stack/{name}/{uuid.uuid4()}"
    request = {"logical_id": logical_id, "resource_type": _TYPE, "stack_name": parent_name, "props": properties}
    with failed_resources.creating(parent, request):
        wanted = _wanted(properties, parent_name)
        _stacks()[name] = {
            "StackName": name,
            "StackId": stack_id,
            "CreationTime": responses.now_iso(),
            "Outputs": [],
            # Its parent deletes what it made, or keeps it.
            "DisableRollback": True,
            "_resources": {},
            "_parent_stack_name": parent_name,
            "ParentId": parent["StackId"],
            "RootId": parent.get("RootId") or parent["StackId"],
        }
        _module(_PACKAGE)._stack_events[stack_id] = []
        _deploy(name, wanted, "CREATE", previous=None)
    return stack_id, _attributes(_stacks()[name])


def _update(physical_id: str, old: Record, new: Record, parent_name: str) -> tuple[str, Record]:
    del old
    name = _module(_PROVISIONERS)._nested_stack_lookup_name(physical_id)
    child = _stacks()[name]
    wanted = _wanted(new, parent_name)
    previous = {key: copy.deepcopy(child[key]) for key in _STATE if key in child}
    _deploy(name, wanted, "UPDATE", previous=previous)
    return child["StackId"], _attributes(child)


def _delete(physical_id: str, properties: Record) -> None:
    del properties
    name = _module(_PROVISIONERS)._nested_stack_lookup_name(physical_id)
    child = _stacks().get(name)
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return
    asyncio.run(_module(_STACKS)._delete_stack_async(name, child["StackId"]))
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise ResourceError(_embedded(child, "deleted"))


def _wanted(properties: Record, parent_name: str) -> Record:
    """What the child is to be, as UpdateStack puts it on record."""
    provisioners, engine = _module(_PROVISIONERS), _module(_ENGINE)
    body, error = _module(f"{_PACKAGE}.helpers")._resolve_template({"TemplateURL": [properties.get("TemplateURL")]})
    if error is not None or not body:
        raise ResourceError(
            f"the template of the nested stack cannot be read: {properties.get('TemplateURL')}", asked=False
        )
    template = engine._parse_template(body)
    provisioners._check_nested_stack_capabilities(parent_name, template)
    given = properties.get("Parameters") or {}
    if any(isinstance(value, list) for value in given.values()):
        problem = "Value of property Parameters must be an object with String (or simple type) properties"
        raise ResourceError(problem, asked=False)
    texts = [{"Key": key, "Value": "" if value is None else str(value)} for key, value in given.items()]
    values = engine._resolve_parameters(template, texts)
    tags = provisioners._tag_map(properties.get("Tags"))
    return {
        "_template": template,
        "_template_body": body,
        "_resolved_params": values,
        "_conditions": engine._evaluate_conditions(template, values),
        "Description": template.get("Description", ""),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value["Value"], "NoEcho": value["NoEcho"]}
            for key, value in values.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")],
        "Capabilities": provisioners._inherited_capabilities(parent_name),
    }


def _deploy(name: str, wanted: Record, verb: str, *, previous: Record | None) -> None:
    stacks, child = _module(_STACKS), _stacks()[name]
    template, values, tags = wanted["_template"], wanted["_resolved_params"], wanted["Tags"]
    if previous is not None:  # its own until the update is through
        wanted = {key: value for key, value in wanted.items() if key not in {"_template", "_resolved_params"}}
    child |= wanted
    child |= {"StackStatus": f"{verb}_IN_PROGRESS", "LastUpdatedTime": _module("ministack.core.responses").now_iso()}
    child["StackStatusReason"] = ""
    stack_id = child["StackId"]
    stacks._add_event(stack_id, name, name, _TYPE, child["StackStatus"], physical_id=stack_id)
    asyncio.run(
        stacks._deploy_stack_async(
            name,
            stack_id,
            template,
            values,
            previous is None,
            tags,
            is_update=previous is not None,
            previous_stack=previous,
        )
    )
    if child["StackStatus"] != f"{verb}_COMPLETE":
        raise ResourceError(_embedded(child, f"{verb.lower()}d"), physical_id=None if previous else stack_id)


def _embedded(child: Record, done: str) -> str:
    failed = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in _module(_PACKAGE)._stack_events[child["StackId"]]
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != child["StackName"]
    ]
    return f"Embedded stack {child['StackId']} was not successfully {done}: {'; '.join(failed[-1:])}"


def _attributes(child: Record) -> Record:
    values = {each["OutputKey"]: each["OutputValue"] for each in child["Outputs"]}
    return {f"Outputs.{key}": value.plain if isinstance(value, HiddenText) else value for key, value in values.items()}


def _stacks() -> Any:
    return _module(_PACKAGE)._stacks


def _module(name: str) -> Any:
    return importlib.import_module(name)
