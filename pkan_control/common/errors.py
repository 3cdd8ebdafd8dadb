"""The one error that a user's mistake raises: it names what was wrong and what is allowed."""

from collections.abc import Iterable


class UserError(Exception):
    """Bad input; the command line prints it and exits with 2, a node fails its transition."""


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UserError:
    """Return the error for a name that is not one of those allowed."""
    return UserError(f'unknown {kind} {name!r}: allowed are {", ".join(sorted(allowed))}')
