"""The texts of a template before it is deployed."""

import pytest

from fuota_constructs.local.template_text import UNKNOWN, TemplateText

TEMPLATE = {"Parameters": {"Id": {"Default": "abc"}, "Open": {"Type": "String"}, "Number": {"Default": 7}}}


@pytest.fixture
def text() -> TemplateText:
    return TemplateText(TEMPLATE, "111122223333", "eu-west-1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        (None, ""),
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Ref": "Id"}, "abc"),
        ({"Ref": "Number"}, "7"),
        ({"Ref": "Open"}, UNKNOWN),
        ({"Ref": "SomeResource"}, UNKNOWN),
        ({"Fn::Join": ["/", ["a", {"Ref": "AWS::Region"}, {"Fn::GetAtt": ["X", "Arn"]}]]}, f"a/eu-west-1/{UNKNOWN}"),
        ({"Fn::Join": ["/", {"Ref": "List"}]}, UNKNOWN),
        ({"Fn::Sub": "arn:${AWS::Partition}:x:${Other}"}, f"arn:aws:x:{UNKNOWN}"),
        ({"Fn::Sub": ["${Name}-${!Literal}", {"Name": {"Ref": "Id"}}]}, "abc-${!Literal}"),
        ({"Fn::ImportValue": "x"}, UNKNOWN),
        ({"Ref": "Id", "Other": 1}, UNKNOWN),
        (7, UNKNOWN),
    ],
)
def test_text_of_a_value(text: TemplateText, value: object, expected: str) -> None:
    assert text.of(value) == expected


def test_finds_every_text(text: TemplateText) -> None:
    value = {"A": ["x", {"B": {"Fn::Sub": "${Id}!"}}, 3], "C": {"Fn::GetAtt": ["Resource", "Arn"]}, "D": None}
    assert list(text.strings(value)) == ["x", "abc!", "Resource", "Arn"]
