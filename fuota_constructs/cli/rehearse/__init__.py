"""`fuota rehearse`: the whole update on this machine, and whether it passed."""
