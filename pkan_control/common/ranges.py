"""Ranges of numbers, declared in the annotations of a dataclass: `mass: Positive`.

`check_fields`, called when the dataclass is made, enforces them wherever the numbers come from:
Python, a controller file or a YAML file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pkan_control.common.errors import UserError


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, both included unless `open`; NaN is never one of them."""

    text: str
    low: float = -math.inf
    high: float = math.inf
    open: bool = False

    def __contains__(self, value: float) -> bool:
        """Return whether a number is in the range."""
        return self.low < value < self.high if self.open else self.low <= value <= self.high


Finite = Annotated[float, Range('finite', open=True)]
Positive = Annotated[float, Range('positive and finite', 0, open=True)]
NonNegative = Annotated[float, Range('0 or more and finite', 0, math.nextafter(math.inf, 0))]
Share = Annotated[float, Range('from 0 to 1', 0, 1)]
# A time in s that may be infinite: never.
Time = Annotated[float, Range('0 or more', 0)]
Vector = tuple[Finite, Finite, Finite]


def check_fields(instance: Any) -> None:
    """Raise a `UserError` unless the fields of a dataclass are as their annotations say.

    Checked are lengths of tuples, and ranges of numbers, also in tuples, mappings and optionals.
    """
    kind: Any = type(instance)
    for name, hint in _hints(kind).items():
        _check(getattr(instance, name), hint, name)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}


def _check(value: Any, hint: Any, path: str) -> None:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        allowed = arguments[1]
        if value not in allowed:
            raise UserError(f'{path}: must be {allowed.text}, not {value!r}')
    elif origin is tuple:
        count = None if arguments[-1] is ... else len(arguments)
        if count not in (None, len(value)):
            raise UserError(f'{path}: must have {count} values, not {len(value)}')
        for place, each in enumerate(value):
            _check(each, arguments[0], f'{path}[{place}]')
    elif origin is Mapping:
        for key, each in value.items():
            _check(each, arguments[1], f'{path}[{getattr(key, "value", key)!r}]')
    elif value is not None and type(None) in arguments:
        _check(value, arguments[0], path)
