"""`fuota delta`: what changed between two firmware files, as a patch."""
