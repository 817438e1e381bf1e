"""The commands that operate a task: `fuota preflight`, `start`, `status`, `report`."""
