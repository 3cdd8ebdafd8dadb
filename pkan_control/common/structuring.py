"""Dataclasses from the mappings, lists and scalars of a file, by cattrs.

cattrs is imported when the first file is read. It works on plain dataclasses, and adds 2 MB to a
node that reads one; pydantic would add 10 MB, and take three times as long to import.
"""

import math
import reprlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from pkan_control.common.errors import UserError

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar('T')
# Faults that an error message names; how many more there are it only counts.
NAMED_FAULTS = 3


def structure(values: Any, kind: type[T], where: str) -> T:
    """Return the dataclass that a file describes.

    Nothing is converted but whole numbers to `float`; unknown and missing keys are refused. A
    single number is also a list of numbers where its length is open. A dataclass may have a static
    method `from_short`, which returns the mapping that a shorter way to write it stands for.

    Raises a `UserError` of one line: `where`, the full path of a key, what is wrong there and what
    is allowed.
    """
    try:
        from cattrs import transform_error
        from cattrs.errors import BaseValidationError
    except ModuleNotFoundError:
        raise UserError(f'{where}: cannot be read without the package cattrs') from None
    try:
        return _converter().structure(values, kind)
    except (BaseValidationError, ValueError, UserError) as error:
        found = transform_error(error, path='', format_exception=_fault)
    faults = []
    for each in found:
        text, _, path = each.rpartition(' @ ')
        faults.append((path + text).lstrip('.: '))
    more = len(faults) - NAMED_FAULTS
    ending = f'; and {more} more' if more > 0 else ''
    raise UserError(f'{where}: {"; ".join(faults[:NAMED_FAULTS])}{ending}')


def tuples(values: Any) -> Any:
    """Return JSON values with tuples in place of lists."""
    if isinstance(values, list):
        return tuple(map(tuples, values))
    if isinstance(values, dict):
        return {key: tuples(value) for key, value in values.items()}
    return values


def _fault(error: BaseException, _: Any) -> str:
    """Return what follows the path of the value that an error is about."""
    from cattrs.errors import ForbiddenExtraKeysError

    if isinstance(error, KeyError):
        return ': is missing'
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = ', '.join(map(reprlib.repr, error.extra_fields))
        return f': unknown key {unknown}: allowed are {_names(error.cl)}'
    # A `UserError` comes from a dataclass and begins with the name of a field.
    return f'.{error}' if isinstance(error, UserError) else f': {error}'


class _WrongValueError(ValueError):
    """A value that is not what the dataclass wants."""

    def __init__(self, wanted: str, value: object) -> None:
        super().__init__(f'must be {wanted}, not {reprlib.repr(value)}')


def _float(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # An integer may be too large for a float.
        with suppress(OverflowError):
            if not math.isnan(value):
                return float(value)
    raise _WrongValueError('a number', value)


def _exactly(kind: type, words: str) -> Any:
    def hook(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise _WrongValueError(words, value)
        return value

    return hook


@cache
def _converter() -> 'Converter':
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook(int, _exactly(int, 'a whole number'))
    converter.register_structure_hook(str, _exactly(str, 'text'))
    converter.register_structure_hook(bool, _exactly(bool, 'true or false'))
    factories: tuple[tuple[Callable[[Any], bool], Any], ...] = (
        (is_dataclass, _dataclass_hook),
        (lambda kind: get_origin(kind) is Mapping, _mapping_hook),
        (lambda kind: get_origin(kind) is tuple, _tuple_hook),
        (lambda kind: get_origin(kind) is Literal, _choice_hook),
        (lambda kind: isinstance(kind, type) and issubclass(kind, Enum), _choice_hook),
    )
    for applies, factory in factories:
        converter.register_structure_hook_factory(applies, partial(factory, converter))
    return converter


def _dataclass_hook(converter: 'Converter', kind: Any) -> Any:
    from cattrs.gen import make_dict_structure_fn

    make: Any = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
    from_short = getattr(kind, 'from_short', lambda value: value)

    def hook(value: Any, _: Any) -> Any:
        values = from_short(value)
        if not isinstance(values, dict):
            raise _WrongValueError(f'a mapping of {_names(kind)}', value)
        return make(values, kind)

    return hook


def _mapping_hook(converter: 'Converter', kind: Any) -> Any:
    from cattrs.gen import make_mapping_structure_fn

    make: Any = make_mapping_structure_fn(kind, converter)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise _WrongValueError('a mapping', value)
        return make(value, kind)

    return hook


def _tuple_hook(converter: 'Converter', kind: Any) -> Any:
    item, *others = get_args(kind)
    several: Any = list[item]  # type: ignore[valid-type]
    count = None if others == [...] else 1 + len(others)
    numbers = item is float or float in get_args(item)
    wanted = ('a list of' if numbers else 'a list') if count is None else f'a list of {count}'
    wanted += ' numbers' if numbers else '' if count is None else ' values'

    def hook(value: Any, _: Any) -> Any:
        if count is None and numbers and not isinstance(value, list):
            return (converter.structure(value, item),)
        if not isinstance(value, list) or len(value) != (len(value) if count is None else count):
            raise _WrongValueError(wanted, value)
        return tuple(converter.structure(value, several))

    return hook


def _choice_hook(_: 'Converter', kind: Any) -> Any:
    choices = {getattr(each, 'value', each): each for each in get_args(kind) or kind}
    names = ', '.join(filter(None, choices))

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise _WrongValueError(f'one of {names}', value)
        return choices[value]

    return hook


def _names(kind: Any) -> str:
    return ', '.join(field.name for field in fields(kind))
