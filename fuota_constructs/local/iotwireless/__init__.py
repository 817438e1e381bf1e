"""A local AWS IoT Wireless service, driven by botocore's own model of the real one."""

from fuota_constructs.local.iotwireless.http_server import serve
from fuota_constructs.local.iotwireless.operations import PassRole
from fuota_constructs.local.iotwireless.service import IotWirelessService
from fuota_constructs.local.iotwireless.session import SessionPolicy

__all__ = ["IotWirelessService", "PassRole", "SessionPolicy", "serve"]
