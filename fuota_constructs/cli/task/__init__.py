"""The commands that operate tasks: `fuota list`, `preflight`, `start`, `status`, `devices`, `report`, `retry`."""
