"""What is raised when we could not look or could not do. Findings are returned, never raised."""


class StpolicyError(Exception):
    """We could not look, or could not do what was asked; nothing was changed, unless `message` says so.

    `message` is one sentence with the file or host in it; `mend` is the next step, or empty.
    """

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class Misuse(StpolicyError):
    """The question is wrong: a bad option, a bad value, a bad configuration."""


class Refused(StpolicyError):
    """We looked, and what we saw forbids the act: nothing was changed."""


class Busy(StpolicyError):
    """Another run holds the lock: try again later."""


class Unavailable(StpolicyError):
    """Something that we need does not answer now, such as a database: try again later."""
