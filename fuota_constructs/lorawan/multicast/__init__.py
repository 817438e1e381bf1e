"""Remote multicast set-up (TS005): its commands in bytes, and its keys."""
