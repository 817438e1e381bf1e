"""Constructs of the CDK's AWS modules, made as what they are without importing these modules.

Importing `aws_cdk.aws_lambda` costs a synth seconds and 236 MB; a bare `CfnResource` instead is passed by by all who
look at a construct's type: Aspects, mixins, native tags, `is_cfn_function`, policy checkers. Node.js has the real class
whatever Python imports. What stands for it in Python turns into the real Python class as soon as somebody's code has
loaded its module, or wants of it what only that class has.
"""

from __future__ import annotations

import enum
import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any, ClassVar, cast

import aws_cdk as cdk
import constructs
import jsii

from fuota_constructs.template.jsii_answers import Answer, answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Props = Mapping[str, object]


LIBRARY = "aws-cdk-lib"
"""The library's name in Node.js."""


class _StandIn:
    """In place of a class whose module is not loaded."""

    _of_the_cdk: ClassVar[str]
    """The class in the CDK: its module, and its name."""

    _real: ClassVar[str]
    """The class to turn into: that one, or one of ours that is made of it."""

    @property  # type: ignore[misc]  # mypy knows it as an attribute
    def __class__(self) -> type:  # what `isinstance` asks when the type itself does not match
        return type(self)._turn(self) or type(self)

    def __getattr__(self, name: str) -> Any:
        # Reached only for what the base class does not have. Python's own probes are no reason to load a module.
        if name.startswith("_") or not type(self)._turn(self, load=True):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        type(self)._turn(self)  # a property of the real class reaches Node.js, a plain attribute would not
        object.__setattr__(self, name, value)

    @classmethod
    def _turn(cls, made: object, *, load: bool = False) -> type | None:
        """Make the object one of the real class, if the CDK's is loaded by now; answers with the class."""
        module, _, name = cls._of_the_cdk.rpartition(".")
        if not load and not hasattr(sys.modules.get(module), name):  # it is not there while its module is being loaded
            return None
        module, _, name = cls._real.rpartition(".")
        real: type = getattr(importlib.import_module(module), name)
        object.__dict__["__class__"].__set__(made, real)
        return real


@functools.cache
def _stand_in(base: type, kind: str, real: str) -> type:
    # Without jsii_type among its arguments the metaclass registers nothing: objects of this type that others make are
    # still given to Python as what they are.
    module, _, name = real.rpartition(".")
    members = {"_of_the_cdk": f"aws_cdk.{kind}", "_real": real, "__jsii_type__": f"{LIBRARY}.{kind}"}
    members["__module__"] = module
    return type(base)(name, (_StandIn, base), members)


def _make(base: type, kind: str, arguments: Sequence[object], real: str = "") -> object:
    made: object = object.__new__(_stand_in(base, kind, real or f"aws_cdk.{kind}"))
    jsii.create(type(made), made, list(arguments))
    return made


def begin_resource(made: cdk.Resource, scope: constructs.Construct, id: str) -> None:
    """What `cdk.Resource.__init__` does with no properties, without the time it takes to find that there are none."""
    if isinstance(scope, constructs.Construct) and isinstance(id, str):
        jsii.create(type(made), made, [scope, id])
    else:
        cdk.Resource.__init__(made, scope, id)  # which says what is wrong, or knows better


def bare_resource(
    scope: constructs.Construct,
    id: str,
    kind: str,
    properties: Props,
) -> cdk.CfnResource:
    """A resource of a type that the CDK has no class for; what is None is left out."""
    made = object.__new__(cdk.CfnResource)
    given = {name: value for name, value in properties.items() if value is not None}
    jsii.create(cdk.CfnResource, made, [scope, id, {"type": kind, "properties": given}])
    return made


def typed_resource(scope: constructs.Construct, id: str, kind: str, props: Props) -> cdk.CfnResource:
    """An L1 such as `aws_lambda.CfnFunction`; its properties have the names of TypeScript, at every depth."""
    return cast("cdk.CfnResource", _make(cdk.CfnResource, kind, [scope, id, dict(props)]))


def typed_construct(
    scope: constructs.Construct,
    id: str,
    kind: str,
    props: Props,
    *,
    base: type = constructs.Construct,
    real: str = "",
) -> constructs.Construct:
    """Any other construct, such as `aws_s3.Bucket`, whose base is `cdk.Resource`.

    `real` is the class it is in Python, with its module, when that is one of ours.
    """
    return cast("constructs.Construct", _make(base, kind, [scope, id, dict(props)], real))


def typed_part(
    owner: constructs.IConstruct | constructs.Node, name: str, kind: str, *, base: type
) -> constructs.Construct | None:
    """The construct that another one made and holds, such as the `policy` of a bucket."""
    answer = answered(jsii.get, owner, name)
    if isinstance(answer, Answer):
        part: Any = object.__new__(_stand_in(base, kind, f"aws_cdk.{kind}"))
        part.__jsii_ref__ = answer.__jsii_ref__
        answer = part
    return cast("constructs.Construct | None", answer)


def typed_object(kind: str, *arguments: object) -> object:
    """What is no construct, such as `aws_s3.BlockPublicAccess`."""
    return _make(object, kind, arguments)


def typed_choice(kind: str, name: str) -> object:
    """A member of an enumeration, such as `aws_s3.ObjectOwnership`."""
    choices = enum.Enum("choices", {name: name})  # type: ignore[misc]  # its members are not literal
    choices.__jsii_type__ = f"{LIBRARY}.{kind}"  # type: ignore[attr-defined]  # as jsii marks those it makes
    return choices[name]


def attribute(construct: constructs.IConstruct, name: str) -> str:
    """A text that a construct has, by its name in TypeScript; this loads no module."""
    return cast("str", jsii.get(construct, name))
