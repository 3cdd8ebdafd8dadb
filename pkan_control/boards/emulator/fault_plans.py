"""Fault plans of the proxy as YAML files; doc/firmware.md shows one with all fields."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from pkan_control.boards.emulator.fault_proxy import FaultPlan, FrameFault, Outage, check_outages
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.yaml_files import read_yaml

DIRECTIONS = ('to_board', 'to_host')
SECTIONS = ('seed', *DIRECTIONS, 'pulled')
FIELDS = ('rates', 'script', 'delay_s', 'outages', 'baud')


class Plans(NamedTuple):
    """Faults of the frames in each direction, and when the host's cable is pulled out."""

    to_board: FaultPlan
    to_host: FaultPlan
    pulled: tuple[Outage, ...]


def load_plans(path: Path) -> Plans:
    """Return the plans of a file; raise a `UserError` that names the invalid value."""
    where = f'fault plan {path}'
    if path.suffix not in ('.yaml', '.yml'):
        raise UserError(f'{where}: must be a .yaml file')
    _, values = read_yaml('', 'fault plan', str(path))
    if not isinstance(values, dict):
        raise UserError(f'{where}: must map {", ".join(SECTIONS)}')
    for key in values:
        if key not in SECTIONS:
            raise unknown(f'section of {where}', key, SECTIONS)
    seed = values.get('seed', 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise UserError(f'{where}: seed {seed!r}: must be a whole number from 0')
    up, down = (_plan(f'{where}: {name}', values.get(name, {}), seed) for name in DIRECTIONS)
    return Plans(up, down, _pulled(f'{where}: pulled', values.get('pulled', [])))


def _pulled(where: str, values: Any) -> tuple[Outage, ...]:
    pulled = tuple(_outage(where, each) for each in _list(where, values))
    if any(outage.stalled for outage in pulled):
        raise UserError(f'{where}: a cable that is pulled out is not stalled')
    try:
        check_outages(pulled)
    except UserError as error:
        raise UserError(f'{where}: {error}') from None
    return pulled


def _plan(where: str, values: Any, seed: int) -> FaultPlan:
    if not isinstance(values, dict):
        raise UserError(f'{where}: must map {", ".join(FIELDS)}')
    for key in values:
        if key not in FIELDS:
            raise unknown(f'field of {where}', key, FIELDS)
    rates = _mapping(f'{where}: rates', values.get('rates', {}))
    script = _mapping(f'{where}: script', values.get('script', {}))
    try:
        return FaultPlan(
            seed,
            {_fault(where, name): _number(where, rate) for name, rate in rates.items()},
            {_frame(where, number): _fault(where, name) for number, name in script.items()},
            _number(where, values.get('delay_s', FaultPlan.delay_s)),
            tuple(_outage(where, each) for each in _list(where, values.get('outages', []))),
            _number(where, values.get('baud', FaultPlan.baud)),
        )
    except UserError as error:
        text = str(error)
        raise UserError(text if text.startswith(where) else f'{where}: {text}') from None


def _mapping(where: str, values: Any) -> dict[Any, Any]:
    if not isinstance(values, dict):
        raise UserError(f'{where}: must be a mapping')
    return values


def _list(where: str, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise UserError(f'{where}: must be a list of outages')
    return values


def _fault(where: str, name: Any) -> FrameFault:
    names = [fault.value for fault in FrameFault]
    if name not in names:
        raise unknown(f'fault in {where}', name, names)
    return FrameFault(name)


def _frame(where: str, number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise UserError(f'{where}: frame {number!r}: must be a whole number from 0')
    return number


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UserError(f'{where}: {value!r}: must be a number from 0')
    return float(value)


def _outage(where: str, values: Any) -> Outage:
    if not isinstance(values, dict) or not {'begin_s', 'end_s'} <= set(values) <= {
        'begin_s',
        'end_s',
        'stalled',
    }:
        raise UserError(f'{where}: an outage maps begin_s, end_s and perhaps stalled')
    stalled = values.get('stalled', False)
    if not isinstance(stalled, bool):
        raise UserError(f'{where}: stalled={stalled!r}: must be true or false')
    return Outage(_number(where, values['begin_s']), _number(where, values['end_s']), stalled)
