"""The local cloud: real CloudFormation, S3, IAM and Lambda from MiniStack, and an IoT Wireless service of our own.

Needs the extra: pip install 'fuota-constructs[local]'. Nothing here is imported by the constructs.
"""
