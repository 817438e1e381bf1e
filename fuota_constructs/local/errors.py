"""What the local cloud says when it cannot go on."""


class LocalCloudError(Exception):
    """Says what is wrong and what to do about it, in one or two lines for the terminal."""
