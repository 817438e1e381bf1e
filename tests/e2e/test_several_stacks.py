"""Tasks in a nested stack and in a second stack, over a group, a bucket and a role of the first."""

from collections.abc import Callable
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e


def test_tasks_in_a_nested_and_a_second_stack_deploy_and_go(
    cloud: LocalCloud, app_on: Callable[[LocalCloud, str], Any]
) -> None:
    app = app_on(cloud, "several_stacks")
    app.succeeds("deploy", "--all")
    nested, second = sorted(app.tasks(), key=lambda task: str(task["name"]))
    assert (nested["name"], second["name"]) == ("nested", "second")
    assert nested["multicast_group_ids"] == second["multicast_group_ids"]
    assert nested["image"] == second["image"]
    assert nested["role"] == second["role"]
    providers = [
        function["FunctionArn"]
        for function in cloud.client("lambda").list_functions()["Functions"]
        if "fuota_constructs" in function["Description"]
    ]
    assert len(providers) == 2

    # Each stack has its own permissions on the shared role: the end of one takes none from the other.
    iam, role = cloud.client("iam"), second["role"].rpartition("/")[2]
    both = set(iam.list_role_policies(RoleName=role)["PolicyNames"])
    assert len(both) == 4
    app.succeeds("destroy", "Second", "--force")
    left = set(iam.list_role_policies(RoleName=role)["PolicyNames"])
    assert len(left) == 2
    assert left < both

    app.succeeds("destroy", "--all")
    assert app.tasks() == []
    assert cloud.client("iotwireless").list_multicast_groups()["MulticastGroupList"] == []
