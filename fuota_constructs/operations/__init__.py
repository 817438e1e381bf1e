"""FUOTA tasks and rollouts as an operator has them, on AWS or in the local cloud: boto3 in, plain values out.

No command line and no CDK in here. Only `start`, `start_rollout` and `rollout_word` change something.
"""
