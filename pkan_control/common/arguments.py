"""Checks of the arguments of public functions."""

from collections.abc import Callable
from operator import index

from pkan_control.common.errors import UserError

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
