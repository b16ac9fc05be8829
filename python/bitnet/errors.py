"""What this package raises."""


class Error(Exception):
    """Something is wrong with a model, a folder or the way it is used.

    The message is one line that says what was wanted and what was found.
    """


class ContextFull(Error):
    """Ids do not fit in a session's capacity."""
