"""What watches FUOTA tasks: the construct side here, what its Lambda runs in `runtime`."""
