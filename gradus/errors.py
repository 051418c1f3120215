"""The one error that a user's mistake raises."""


class GradusError(ValueError):
    """A mistake that the caller can mend.

    The message says what was expected, what came (values, shapes) and how to mend it, in one line;
    the command line prints that line and exits with status 2.
    """
