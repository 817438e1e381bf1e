"""The custom resource provider: the construct side here, what its Lambda runs in `runtime`."""
