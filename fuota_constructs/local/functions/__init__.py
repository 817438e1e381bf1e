"""Lambda functions of the local cloud: processes of this machine with what AWS's runtimes have.

Python functions run in the Python of the cloud, functions for Node.js in the Node.js of a wheel, with the AWS SDK for
JavaScript. What is in here but `aws_sdk` knows MiniStack's insides; `ministack_host` checks the seams.
"""
