"""What CloudFormation gets, whoever asks for it."""
