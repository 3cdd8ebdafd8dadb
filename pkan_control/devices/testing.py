"""Conformance checks of a device, for the tests of those who add one.

`check_device(device)` checks with NumPy, which runs controllers; `check_device(device,
torch.asarray)` also compares the results of torch, and its gradients with differences, on which
training relies. The first fault is raised as a `UserError` that names it and what is allowed.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import LIMITS, PRESETS, Deviations, find_deviations
from pkan_control.devices.element import Device, DifferentiableDevice

# Trainable values tried: normal ones of this sigma, and both ends of every range.
SIGMA, END = 2.0, 30.0
COUNT, SEED = 200, 0


def demand(device: Device, right: bool, what: str, expected: str) -> None:
    """Raise a `UserError` of what is wrong and what it must be, unless `right`."""
    if not right:
        text = ' '.join(what.split())
        name = getattr(device, 'name', type(device).__name__)
        raise UserError(f'device {name}: {text}: must be {expected}')


def call(device: Device, function: str, *inputs: Any) -> Any:
    """Return the result of a function of the device; name it and its inputs where it fails."""
    try:
        return getattr(device, function)(*inputs)
    except Exception as error:
        shapes = ', '.join(str(tuple(getattr(i, 'shape', ()))) for i in inputs)
        what = f'{function} fails on inputs of shape {shapes} ({error!r})'
        demand(device, False, what, 'able to take them')


def demand_values(device: Device, function: str, values: Array, shape: tuple[int, ...]) -> None:
    """Demand finite doubles of that shape."""
    demand_shape(device, function, values, shape)
    what = f'{function} gives {dtype_of(values)} numbers'
    demand(device, dtype_of(values) == np.float64, what, 'float64 for float64')
    finite = bool(np.isfinite(values).all())
    demand(device, finite, f'{function} gives numbers that are not finite', 'finite everywhere')


def demand_shape(device: Device, function: str, values: Array, shape: tuple[int, ...]) -> None:
    """Demand values of that shape."""
    found = tuple(getattr(values, 'shape', ()))
    demand(device, found == shape, f'{function} gives the shape {found}', f'{shape}')


def dtype_of(values: Array) -> Any:
    """Return the dtype of an array, None for anything else."""
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
    """Return the physical parameters of the trainable values, `[n, P]`."""
    physical: Floats = call(device, 'bounded', trainable_values(device))
    return physical


TUPLES = ('parameters', 'codes', 'code_limits', 'constants')
FUNCTIONS = (
    'initial',
    'bounded',
    'response',
    'exact_response',
    'encode',
    'decode',
    'deviate',
    'settling_s',
    'power_w',
)
INT16 = np.iinfo(np.int16)
MAX_NODES = 512
# Largest error of an element between its Chebyshev nodes, in units of the response.
INTERPOLATION = 1e-4
# Allowed relative differences: between libraries and after a round trip; between a gradient and
# central differences with a step of `DIFFERENCE`.
SAME, GRADIENT, DIFFERENCE = 1e-9, 1e-5, 1e-6
X = np.linspace(0, 1, 101).reshape(-1, 1)

AsArray = Callable[[Any], Array]


def check_device(device: Device, asarray: AsArray | None = None) -> None:
    """Raise a `UserError` that names the first fault of a device, if it has any.

    `asarray` makes arrays of another library from those of NumPy (`torch.asarray`): the device
    must take them and compute the same; gradients are checked where the library records them.
    """
    _check_attributes(device)
    _check_names_and_numbers(device)
    for check in (_check_initial, _check_bounded, _check_settings, _check_codes, _check_response):
        check(device)
    for check in (_check_single, _check_nodes, _check_deviate, _check_presets, _check_time_power):
        check(device)
    if isinstance(device, DifferentiableDevice):
        _check_derivatives(device, device)
    if asarray is not None:
        _check_library(device, asarray)
        _check_gradients(device, asarray)
        _check_steepness(device, asarray)


def _check_attributes(device: Device) -> None:
    missing = [n for n in (*TUPLES, 'name', 'nodes') if not hasattr(device, n)]
    missing += [n for n in FUNCTIONS if not callable(getattr(device, n, None))]
    demand(
        device,
        not missing,
        f'has no {missing}',
        'a device with all members of pkan_control.devices.element.Device',
    )
    demand(device, isinstance(device.name, str), f'name {device.name!r}', 'a string')
    for name in TUPLES:
        value = getattr(device, name)
        right = isinstance(value, tuple) and len(value) > 0
        demand(device, right, f'{name} is {value!r}', 'a tuple that is not empty')
    nodes = isinstance(device.nodes, int) and 2 <= device.nodes <= MAX_NODES
    demand(device, nodes, f'nodes is {device.nodes!r}', f'a whole number of 2 to {MAX_NODES}')


def _check_names_and_numbers(device: Device) -> None:
    for names in (device.parameters, device.codes):
        right = all(isinstance(n, str) for n in names) and len(set(names)) == len(names)
        demand(device, right, f'names are {names}', 'strings, each of them once')
    finite = all(isinstance(n, int | float) and math.isfinite(n) for n in device.constants)
    demand(device, finite, f'constants are {device.constants}', 'finite numbers')
    limits, codes = device.code_limits, device.codes
    what = f'code_limits has {len(limits)} entries for {len(codes)} codes'
    demand(device, len(limits) == len(codes), what, 'one pair for each code')
    for name, pair in zip(codes, limits, strict=True):
        whole = len(pair) == 2 and all(isinstance(end, int) for end in pair)
        right = whole and INT16.min <= pair[0] <= pair[1] <= INT16.max
        demand(device, right, f'limits of code {name} are {pair}', 'two ascending int16')


def _check_initial(device: Device) -> None:
    seeds = (SEED, SEED, SEED + 1)
    one, same, other = (
        call(device, 'initial', np.random.default_rng(seed), (2, 3)) for seed in seeds
    )
    demand_values(device, 'initial', one, (2, 3, len(device.parameters)))
    repeatable = bool((one == same).all() and (one != other).any())
    demand(device, repeatable, 'initial ignores its generator', 'drawn from it and nothing else')


def _check_bounded(device: Device) -> None:
    trainable = trainable_values(device)
    demand_values(device, 'bounded', call(device, 'bounded', trainable), trainable.shape)


def _check_settings(device: Device) -> None:
    """Check that codes are in their range."""
    physical = physical_values(device)
    codes = call(device, 'encode', physical)
    demand_shape(device, 'encode', codes, (*physical.shape[:-1], len(device.codes)))
    demand(device, dtype_of(codes) == np.int16, f'encode gives {dtype_of(codes)}', 'int16')
    for index, name in enumerate(device.codes):
        (low, high), found = device.code_limits[index], codes[..., index]
        what = f'encode gives code {name} {found.min()}..{found.max()}'
        demand(device, low <= found.min() and found.max() <= high, what, f'in {low}..{high}')


def _check_codes(device: Device) -> None:
    """Check that codes can be decoded, and survive a round trip."""
    draw = np.random.default_rng(SEED)
    low, high = np.array(device.code_limits).T
    codes = draw.integers(low, high, (COUNT, len(low)), endpoint=True).astype(np.int16)
    codes = np.concatenate([codes, [low, high]]).astype(np.int16)
    meant = call(device, 'decode', codes)
    demand_values(device, 'decode', meant, (len(codes), len(device.parameters)))
    again = call(device, 'decode', call(device, 'encode', meant))
    what = f'decode(encode(decode(codes))) differs from decode(codes) by {apart(again, meant):.1e}'
    demand(device, apart(again, meant) <= SAME, what, 'the same: encode takes the nearest codes')


def _check_response(device: Device) -> None:
    physical = physical_values(device).reshape(2, -1, len(device.parameters))
    for function in ('response', 'exact_response'):
        values = call(device, function, X[:, :, None], physical)
        demand_values(device, function, values, (len(X), *physical.shape[:-1]))
        moves = bool((np.ptp(values, axis=0) > 0).any())
        demand(device, moves, f'{function} does not depend on x', 'a function of x')


def _check_single(device: Device) -> None:
    physical = call(device, 'bounded', trainable_values(device).astype(np.float32))
    values = call(device, 'response', X.astype(np.float32), physical)
    what = 'response in single precision gives numbers that are not finite'
    demand(device, bool(np.isfinite(values).all()), what, 'finite everywhere')
    what = f'response gives {dtype_of(values)} for float32'
    demand(device, dtype_of(values) == np.float32, what, 'of the precision of its inputs')


def _check_nodes(device: Device) -> None:
    count, physical = device.nodes, physical_values(device)
    points = chebyshev.chebpts1(count)
    values = call(device, 'response', (points[:, None] + 1) / 2, physical)
    weights = np.linalg.solve(chebyshev.chebvander(points, count - 1), values)
    between = chebyshev.chebvander(2 * X[:, 0] - 1, count - 1) @ weights
    error = float(abs(between - call(device, 'response', X, physical)).max())
    what = f'{count} Chebyshev nodes interpolate the response to {error:.1e}'
    demand(device, error <= INTERPOLATION, what, f'at most {INTERPOLATION:g} (raise nodes)')


def _check_deviate(device: Device) -> None:
    """Check that without deviations parameters do not change."""
    physical = physical_values(device)
    for size in (0.0, 1.0):
        draws = np.full(physical.shape, size)
        found = call(device, 'deviate', physical, draws, draws, Deviations())
        demand_values(device, 'deviate', found, physical.shape)
        what = f'deviate moves parameters by {apart(found, physical):.1e} where all sizes are 0'
        demand(device, apart(found, physical) <= SAME, what, 'the identity there')


def _check_presets(device: Device) -> None:
    """Check that a deviated element has a finite response at any temperature."""
    physical, numbers = physical_values(device), np.random.default_rng(SEED)
    draws, cycles = numbers.standard_normal((2, *physical.shape))
    for preset in PRESETS:
        for celsius in LIMITS['temperature_c']:
            deviations = find_deviations(preset, temperature_c=celsius)
            found = call(device, 'deviate', physical, draws, cycles, deviations)
            values = call(device, 'exact_response', X, found)
            what = f'exact_response is not finite for preset {preset} at {celsius:g} degC'
            demand(device, bool(np.isfinite(values).all()), what, 'finite')
            moved = apart(found, physical) > 0
            demand(device, moved, f'deviate ignores preset {preset}', 'deviating by the draws')


def _check_time_power(device: Device) -> None:
    seconds = call(device, 'settling_s')
    demand(device, 0 < seconds < math.inf, f'settling_s is {seconds!r}', 'positive and finite')
    physical = physical_values(device)
    none, one, two = (call(device, 'power_w', physical, np.full(1, m)) for m in (0.0, 1.0, 2.0))
    demand_values(device, 'power_w', one, physical.shape[:-1])
    for watts in (one, two):
        demand(device, bool((watts > 0).all()), f'power_w is {watts.min():g}', 'positive')
    affine = apart(two - one, one - none) <= 1e-6
    demand(device, affine, 'power_w is bent in the figure of merit', 'affine in it')


def _check_derivatives(device: Device, differentiable: DifferentiableDevice) -> None:
    """Check derivatives against differences, and `realised` against a round trip of codes."""
    physical = physical_values(device)
    response, *slopes = differentiable.slopes(X, physical)
    error = apart(response, call(device, 'response', X, physical))
    demand(device, error <= SAME, f'slopes gives a response off by {error:.1e}', 'response')
    demand(device, len(slopes) == physical.shape[-1], f'{len(slopes)} slopes', 'one a parameter')
    for index, name in enumerate(device.parameters):
        moved = np.arange(physical.shape[-1]) == index
        step = DIFFERENCE * (1e-3 + abs(physical)) * moved
        ends = (call(device, 'response', X, physical + sign * step) for sign in (1, -1))
        error = apart(slopes[index], np.subtract(*ends) / (2 * step[:, index]))
        what = f'slope by {name} differs from differences by {error:.1e}'
        demand(device, error <= GRADIENT, what, f'within {GRADIENT:g} of the largest')
    error = apart(differentiable.realised(physical), device.decode(device.encode(physical)))
    demand(device, error <= SAME, f'realised is off by {error:.1e}', 'decode(encode())')


def _check_library(device: Device, asarray: AsArray) -> None:
    """Check that another library computes the same, in arrays of its own."""
    trainable = trainable_values(device)
    physical = physical_values(device)
    codes = call(device, 'encode', physical)
    inputs: dict[str, Sequence[Any]] = {
        'bounded': (trainable,),
        'encode': (physical,),
        'decode': (codes,),
        'response': (X, physical),
        'exact_response': (X, physical),
    }
    for function, arrays in inputs.items():
        ours = call(device, function, *arrays)
        theirs = call(device, function, *map(asarray, arrays))
        kind, wanted = type(theirs).__name__, type(asarray(ours))
        what = f'{function} makes {kind} of {wanted.__name__}'
        demand(device, isinstance(theirs, wanted), what, 'arrays of the library of its inputs')
        demand_shape(device, function, theirs, ours.shape)
        number = np.asarray(theirs).dtype
        demand(device, number == ours.dtype, f'{function} gives {number}', f'{ours.dtype}')
        error = apart(np.asarray(theirs, dtype=float), np.asarray(ours, dtype=float))
        what = f'{function} differs between NumPy and {wanted.__module__} by {error:.1e}'
        demand(device, error <= SAME, what, f'the same to {SAME:g}')


def _check_gradients(device: Device, asarray: AsArray) -> None:
    """Compare gradients of the response, by x and by trainable value, with differences."""
    numbers = np.random.default_rng(SEED)
    trainable = SIGMA * numbers.standard_normal((COUNT, len(device.parameters)))
    values = np.concatenate([numbers.random((COUNT, 1)), trainable], axis=-1)
    found = _gradients(device, asarray(values))
    if found is None:
        return
    for index, name in enumerate(('x', *device.parameters)):
        step = DIFFERENCE * (np.arange(values.shape[-1]) == index)
        bend = _outputs(device, values + step) - _outputs(device, values - step)
        error = apart(found[:, index], bend / (2 * DIFFERENCE))
        what = f'gradient by {name} differs from differences by {error:.1e}'
        demand(device, error <= GRADIENT, what, f'finite, and within {GRADIENT:g} of the largest')


def _check_steepness(device: Device, asarray: AsArray) -> None:
    """Check that gradients stay finite at the ends of all ranges, in single precision."""
    trainable = trainable_values(device)
    x = np.linspace(0, 1, len(trainable)).reshape(-1, 1)
    found = _gradients(device, asarray(np.concatenate([x, trainable], -1).astype(np.float32)))
    finite = found is None or bool(np.isfinite(found).all())
    demand(device, finite, 'a gradient at the end of a range is not finite', 'finite everywhere')


def _gradients(device: Device, leaf: Array) -> Floats | None:
    """Return the gradients of the outputs, none where the library records none."""
    if not hasattr(leaf, 'requires_grad_'):
        return None
    leaf.requires_grad_()
    outputs = _outputs(device, leaf)
    recorded = bool(getattr(outputs, 'requires_grad', False))
    demand(device, recorded, 'response loses the record of gradients', 'differentiable')
    outputs.sum().backward()
    return np.asarray(leaf.grad)


def _outputs(device: Device, values: Array) -> Array:
    """Return the response at the first number of each row, of the trainable others."""
    return call(device, 'response', values[:, 0], call(device, 'bounded', values[:, 1:]))
