"""How a check of a device fails, and what it is tried on."""

import math
from typing import Any

import numpy as np

from pkan_control.arrays import Array, Floats
from pkan_control.devices.element import Device
from pkan_control.errors import UserError

# Trainable values tried: normal ones of this sigma, and both ends of every range.
SIGMA, END = 2.0, 30.0
COUNT, SEED = 200, 0


def demand(device: Device, right: bool, what: str, expected: str) -> None:
    """Raise a `UserError` of what is wrong, and what it must be, unless it is right."""
    if not right:
        text = ' '.join(what.split())
        name = getattr(device, 'name', type(device).__name__)
        raise UserError(f'device {name}: {text}: must be {expected}')


def call(device: Device, function: str, *inputs: Any) -> Any:
    """Return what a function of the device does; name it and its inputs where it fails."""
    try:
        return getattr(device, function)(*inputs)
    except Exception as error:
        shapes = ', '.join(str(tuple(getattr(i, 'shape', ()))) for i in inputs)
        what = f'{function} fails on inputs of shape {shapes} ({error!r})'
        demand(device, False, what, 'able to take them')


def demand_values(device: Device, function: str, values: Array, shape: tuple[int, ...]) -> None:
    """Demand finite doubles of that shape."""
    demand_shape(device, function, values, shape)
    what = f'{function} gives {kind_of(values)} numbers'
    demand(device, kind_of(values) == np.float64, what, 'float64 for float64')
    finite = bool(np.isfinite(values).all())
    demand(device, finite, f'{function} gives numbers that are not finite', 'finite everywhere')


def demand_shape(device: Device, function: str, values: Array, shape: tuple[int, ...]) -> None:
    """Demand values of that shape."""
    found = tuple(getattr(values, 'shape', ()))
    demand(device, found == shape, f'{function} gives the shape {found}', f'{shape}')


def kind_of(values: Array) -> Any:
    """Return the type of an array's numbers, None of what is no array."""
    return getattr(values, 'dtype', None)


def apart(found: Floats, expected: Floats) -> float:
    """Return the largest difference as a share of the column's largest value, infinite for NaN."""
    if not np.isfinite(found).all():
        return math.inf
    scale = abs(expected).max(axis=0)
    return float((abs(found - expected) / np.where(scale > 0, scale, 1.0)).max())


def trainable_values(device: Device) -> Floats:
    """Return trainable values to try, `[n, P]`: random ones, and all mixtures of the ends."""
    numbers = np.random.default_rng(SEED)
    shape = (COUNT, len(device.parameters))
    ends = END * numbers.choice([-1.0, 1.0], shape)
    return np.concatenate([SIGMA * numbers.standard_normal(shape), ends])


def physical_values(device: Device) -> Floats:
    """Return the parameters that the trainable values become, `[n, P]`."""
    physical: Floats = call(device, 'bounded', trainable_values(device))
    return physical
