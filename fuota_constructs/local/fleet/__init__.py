"""Simulated LoRaWAN devices that receive what the local cloud sends."""

from fuota_constructs.local.fleet.cohort import Cohort, FleetError
from fuota_constructs.local.fleet.fleet import Fleet

__all__ = ["Cohort", "Fleet", "FleetError"]
