"""FUOTA tasks as an operator has them, on AWS or in the local cloud: boto3 in, plain values out.

No command line and no CDK in here. Everything but `start` only reads.
"""
