"""Values of `<param>`: typed by YAML's rules, then written as the file that a node reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.launch_file import Element
from pkan_control.ros.launch_runner.scope import Scope
from pkan_control.ros.launch_runner.substitutions import parse, perform, unescape

Scalar = bool | int | float | str
Value = Scalar | list[Scalar]
ScalarType = type[bool] | type[int] | type[float] | type[str]

_SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class Kind:
    """The `type` of a parameter: of a scalar, or of a list's items. None is 'as YAML has it'."""

    scalar: ScalarType | None
    is_list: bool = False


KINDS = {
    'yaml': Kind(None),
    **{scalar.__name__: Kind(scalar) for scalar in _SCALARS},
    **{f'list_of_{scalar.__name__}': Kind(scalar, is_list=True) for scalar in _SCALARS},
}


@dataclass(frozen=True)
class ParameterFile:
    """The text of a parameter file that is written when the node starts."""

    text: str


def parameter_file(values: dict[str, Value], node: str) -> ParameterFile:
    """Return the file that gives one node, or with `/**` every node, these parameters."""
    return ParameterFile(yaml.dump({node: {'ros__parameters': values}}, default_flow_style=False))


def parameters(element: Element, scope: Scope, prefix: str = '') -> dict[str, Value]:
    """Return the values of a `<param>` and of those in it, by name with dots."""
    text, nested = element.attributes.get('value'), element.all('param')
    if (text is None) == (not nested):
        raise UserError('a param needs either a value or params inside it')
    if nested and 'type' in element.attributes:
        raise UserError('a param with params inside it has no type')
    name = prefix + perform(parse(element.attributes['name']), scope)
    if text is not None:
        return {name: typed(text, element.attributes.get('type', 'yaml'), scope)}
    values: dict[str, Value] = {}
    for child in nested:
        values.update(parameters(child, scope, f'{name}.'))
    return values


def typed(text: str, kind_name: str, scope: Scope) -> Value:
    """Return a parameter's value: read as YAML first, then its substitutions filled in."""
    if kind_name not in KINDS:
        raise unknown('type', kind_name, KINDS)
    kind = KINDS[kind_name]
    first = _coerced(text, kind, lenient=True)
    if not isinstance(first, list):
        return _filled(first, kind.scalar, scope)
    items = [_filled(item, kind.scalar, scope) for item in first]
    _require(_uniform(items), f'a list of one type, not {text!r}')
    return items  # type: ignore[return-value]


def _filled(value: Scalar, scalar: ScalarType | None, scope: Scope) -> Value:
    if not isinstance(value, str):
        return value
    template = parse(value)
    if any(not isinstance(piece, str) for piece in template):
        return _coerced(perform(template, scope), Kind(scalar), lenient=False)
    _require(scalar in (None, str), f'{_name(scalar)}, not {value!r}')
    return unescape(value)


def _coerced(text: str, kind: Kind, *, lenient: bool) -> Value:
    """Convert a text; when lenient, text stays text where its substitutions may yet convert."""
    if kind.is_list:
        return _list(text, kind.scalar)
    if kind.scalar is str:
        return text
    if kind.scalar is bool:
        return _boolean(text, lenient=lenient)
    if kind.scalar is None:
        return _loaded(text, lenient=lenient)
    return _number(text, kind.scalar, lenient=lenient)


def _number(text: str, scalar: ScalarType, *, lenient: bool) -> Scalar:
    try:
        return scalar(text)
    except ValueError as error:
        if lenient:
            return text
        raise UserError(f'expected {_name(scalar)}, not {text!r}') from error


def _list(text: str, scalar: ScalarType | None) -> Value:
    items = _loaded(text, lenient=True)
    fits = isinstance(items, list) and all(type(x) in (str, scalar) for x in items)
    _require(fits and (items or scalar is str), f'a list of {_name(scalar)}, not {text!r}')
    return items


def boolean(text: str) -> bool:
    """Return the truth of a literal attribute: YAML's spellings, and 1 and 0."""
    return _boolean(text, lenient=False) is True


def _boolean(text: str, *, lenient: bool) -> Value:
    value = _loaded({'1': 'true', '0': 'false'}.get(text, text), lenient=lenient)
    fits = isinstance(value, (bool, str) if lenient else bool)
    _require(fits, f'true or false, not {text!r}')
    return value


def _loaded(text: str, *, lenient: bool) -> Value:
    if not text:
        return text
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if lenient:
            return text
        raise UserError(f'{text!r} is not YAML; for text give type="str"') from error
    items = value if isinstance(value, list) else [value]
    items = [item for item in items if not (lenient and type(item) is str)]
    _require(_uniform(items), f'a scalar or a list of one type, not {text!r}')
    return value  # type: ignore[no-any-return]


def _uniform(items: Sequence[object]) -> bool:
    return len({type(item) for item in items}) <= 1 and all(type(x) in _SCALARS for x in items)


def _name(scalar: ScalarType | None) -> str:
    return scalar.__name__ if scalar else 'scalar'


def _require(fits: object, expected: str) -> None:
    if not fits:
        raise UserError(f'expected {expected}')
