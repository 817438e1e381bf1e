"""Writes what simulated devices report into DynamoDB of the local cloud, as their owner's pipeline does on AWS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fuota_constructs.local.fleet.version_reports import VersionReport, VersionTable

ITEMS_A_REQUEST: Final = 25
"""The most that BatchWriteItem takes (Amazon DynamoDB API Reference)."""


class VersionTables:
    """A writer of items; `client` makes a DynamoDB client for an account and a Region."""

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        self._client = client

    def __call__(self, table: VersionTable, reports: Sequence[VersionReport]) -> None:
        """Write them; a table that is gone, because its stack is, is none of the devices' business."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._client(table.account, table.region)
        items = [{"PutRequest": {"Item": _item(report)}} for report in reports]
        try:
            for start in range(0, len(items), ITEMS_A_REQUEST):
                client.batch_write_item(RequestItems={table.table: items[start : start + ITEMS_A_REQUEST]})
        except (BotoCoreError, ClientError) as error:
            sys.stderr.write(f"versions could not be written to {table.table}: {error}\n")


def _item(report: VersionReport) -> dict[str, dict[str, str]]:
    return {
        "WirelessDeviceId": {"S": report.device_id},
        "Version": {"S": report.version},
        "Time": {"N": f"{1000 * report.at:.0f}"},
    }
