"""The error for a caller's mistake: its message names what was wrong and what is allowed."""

from collections.abc import Iterable


class UserError(ValueError):
    """An argument, file or option that cannot be used; the message is one line.

    The command line prints it and exits with code 2, a node fails its transition.
    """


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UserError:
    """Return the error for a name that is not one of those allowed."""
    return UserError(f'unknown {kind} {name!r}: allowed are {", ".join(sorted(allowed))}')
