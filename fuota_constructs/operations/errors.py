"""What an operation says when it cannot go on."""


class OperationError(Exception):
    """Says what is wrong and what to do about it, in one line for the terminal."""
