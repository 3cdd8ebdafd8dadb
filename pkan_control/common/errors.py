"""The error for a caller's mistake: its message names what was wrong and what is allowed."""

import re
from collections.abc import Iterable

_LINE_BREAKS = re.compile(r'\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*')


class UserError(ValueError):
    """An argument, file or option that cannot be used; the message is one line.

    The command line prints it and exits with code 2, a node fails its transition. Whatever a
    message quotes, a name from a file or another library's error, its line breaks become spaces.

    >>> import pkan_control as pk
    >>> try:
    ...     pk.rollout('cartpole', episodes=0)
    ... except pk.UserError as error:
    ...     print(error)
    episodes=0: must be a whole number from 1
    """

    def __init__(self, text: str) -> None:
        """Take the message."""
        super().__init__(_LINE_BREAKS.sub(' ', text).strip())


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UserError:
    """Return the error for a name that is not one of those allowed."""
    return UserError(f'unknown {kind} {name!r}: allowed are {", ".join(sorted(allowed))}')
