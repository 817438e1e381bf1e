"""`fuota local`: the cloud on this machine."""
