"""The error for a caller's mistake (what was wrong, what is allowed), and checks of arguments."""

import re
from collections.abc import Callable, Iterable
from operator import index

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


# Progress callback: what is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def check_whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Return a whole number; raise a `UserError` for anything else, and for one out of range."""
    allowed = f'from {low}' if high is None else f'from {low} to {high}'
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or number < low or (high is not None and number > high):
        raise UserError(f'{name}={value!r}: must be a whole number {allowed}')
    return number


def check_share(name: str, value: float) -> float:
    """Return a number from 0 to 1; raise a `UserError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UserError(f'{name}={value!r}: must be a number from 0 to 1')
    return float(value)


def check_chip(uri: object) -> str:
    """Return a chip URI that is a string; raise a `UserError` for anything else."""
    if not isinstance(uri, str):
        raise UserError(f'chip {uri!r}: must be a URI such as sim:?preset=typical&seed=3')
    return uri
