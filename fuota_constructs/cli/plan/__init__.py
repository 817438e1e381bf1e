"""`fuota plan`: what a session costs and whether it can work."""
