"""Rollouts of firmware to a fleet, wave by wave: what decides in `runtime`, the machine in `machine`."""
