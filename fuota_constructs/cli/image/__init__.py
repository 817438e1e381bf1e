"""`fuota image`: what a firmware file is, before hours of airtime go to it."""
