"""`fuota rollout`: the rollouts of a fleet, and what their operator says to them."""
