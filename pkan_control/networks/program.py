"""Layers of edges: how a network of analogue elements is described, compiled and evaluated.

A layer with `n_in` inputs and `n_out` outputs has `n_in * n_out` edges; an edge is the sum of `K`
elements, a function of one input in [0, 1]; a node adds what arrives and is squashed to [0, 1]
before the next layer.

An edge is smooth: its elements are evaluated at Chebyshev nodes and interpolated. A layer becomes
one product of the Chebyshev polynomials of its inputs with a matrix of coefficients. With 17 nodes
the error of a band-pass edge is below 1e-5. Training, ideal and simulated chips all use this form.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, Integers, constant, namespace
from pkan_control.common.errors import UserError
from pkan_control.devices.element import Device, find_device
from pkan_control.networks import compiled

Layer = Callable[[Array, Array, int, float], Array]

SQUASH_SCALE = 0.5
# Code and parameter that disconnect an element by 0.
GAIN = 'gain'
# Bounds of a program, so that a hostile file cannot exhaust memory.
MAX_LAYERS, MAX_WIDTH, MAX_ELEMENTS = 8, 512, 64
# Without compiled code: least number of rows that is evaluated in blocks, and rows of a block.
MANY_ROWS, ROWS_AT_ONCE = 64, 512


@dataclass(frozen=True)
class Program:
    """A network as realisable settings, to load on a chip.

    `layers` holds for each layer integer codes of shape `[n_in, n_out, K, Q]`.
    """

    device: str
    layers: tuple[Integers, ...]
    squash_scale: float = SQUASH_SCALE

    def __post_init__(self) -> None:
        """Raise a `UserError` for shapes that are no network, and for codes out of range."""
        check_shapes([layer.shape for layer in self.layers], len(find_device(self.device).codes))
        for layer in self.layers:
            _check_codes(layer, find_device(self.device))
        if not 0 < self.squash_scale < math.inf:
            raise UserError(f'squash scale {self.squash_scale}: must be positive and finite')

    @classmethod
    def from_tensors(
        cls, device: str, tensors: Mapping[str, NDArray[Any]], layers: int, squash_scale: float
    ) -> 'Program':
        """Return the program of a controller file.

        Raises a `UserError` for other device constants and for codes that are not int16.
        """
        wanted, found = find_device(device).constants, tensors['device_constants'].tolist()
        if tuple(found) != wanted:
            raise UserError(f'made for device constants {found}: this release has {wanted}')
        codes = tuple(tensors[f'codes_{i}'] for i in range(layers))
        if any(each.dtype != np.int16 for each in codes):
            raise UserError(f'codes of type {[str(c.dtype) for c in codes]}: must be int16')
        return cls(device, codes, squash_scale)

    @property
    def title(self) -> str:
        """Device, sizes and elements per edge: `bandpass 12-20-4 K3`."""
        return f'{self.device} {"-".join(map(str, self.shape))} K{self.layers[0].shape[2]}'

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of inputs, of nodes in each layer, and of outputs."""
        return (self.layers[0].shape[0], *(layer.shape[1] for layer in self.layers))

    @property
    def elements(self) -> int:
        """Number of elements in all edges."""
        return sum(math.prod(layer.shape[:3]) for layer in self.layers)

    @property
    def connected(self) -> int:
        """Number of elements that are connected: a gain of 0 disconnects."""
        names = find_device(self.device).codes
        if GAIN not in names:
            return self.elements
        return sum(int(np.count_nonzero(codes[..., names.index(GAIN)])) for codes in self.layers)

    @property
    def used_codes(self) -> dict[str, tuple[int, int]]:
        """Least and largest of each code over all elements."""
        names = find_device(self.device).codes
        rows = np.concatenate([codes.reshape(-1, len(names)) for codes in self.layers])
        ends = zip(rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), strict=True)
        return dict(zip(names, ends, strict=True))

    @property
    def parameters(self) -> int:
        """Number of trainable numbers."""
        return self.elements * len(find_device(self.device).parameters)

    @property
    def chip_program(self) -> 'Program':
        """Itself."""
        return self

    @property
    def digital_work(self) -> None:
        """None: it is analogue."""

    def evaluate(self, observation: Floats, *, portable: bool = False) -> Floats:
        """Return what an ideal chip computes: `[..., n_in]` to `[..., n_out]`, normalised."""
        device, layer = find_device(self.device), plain_layer if portable else fastest_layer
        layers = [compile_layer(device, device.decode(codes)) for codes in self.layers]
        x = squash(observation, self.squash_scale)
        outputs: Floats = propagate(x, layers, device.nodes, self.squash_scale, layer=layer)
        return outputs

    def evaluate_exactly(self, observation: Array) -> Array:
        """Return the same element by element, without interpolation, for arrays of any library."""
        device, value = find_device(self.device), observation
        xp = namespace(observation)
        for codes in self.layers:
            x = squash(value, self.squash_scale)[..., None, None]
            physical = constant(device.decode(codes), value)
            value = xp.sum(device.response(x, physical), axis=(-3, -1))
        return value

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return codes and device constants by the names that the controller file has."""
        constants = np.array(find_device(self.device).constants, dtype=np.float64)
        codes = {f'codes_{i}': np.ascontiguousarray(c) for i, c in enumerate(self.layers)}
        return {**codes, 'device_constants': constants}

    def metadata(self) -> dict[str, Any]:
        """Return the scale of the squashing between layers."""
        return {'squash_scale': self.squash_scale}

    def facts(self) -> dict[str, Any]:
        """Return the number of connected elements, and the range of each code."""
        ranges = {name: f'{low} to {high}' for name, (low, high) in self.used_codes.items()}
        return {'connected': self.connected, 'codes': ranges}


def check_shapes(shapes: Sequence[tuple[int, ...]], codes: int) -> None:
    """Raise a `UserError` unless the shapes `[n_in, n_out, K, codes]` make up a network."""
    if not 1 <= len(shapes) <= MAX_LAYERS:
        raise UserError(f'network of {len(shapes)} layers: allowed are 1 to {MAX_LAYERS}')
    for index, shape in enumerate(shapes):
        limits = (MAX_WIDTH, MAX_WIDTH, MAX_ELEMENTS)
        if len(shape) != 4 or shape[3] != codes:
            raise UserError(f'layer {index} has shape {shape}: must be [n_in, n_out, K, {codes}]')
        if not all(1 <= size <= limit for size, limit in zip(shape, limits, strict=False)):
            raise UserError(f'layer {index} has shape {shape}: sizes must be 1 to {limits}')
        if index and shape[0] != shapes[index - 1][1]:
            raise UserError(
                f'layer {index} takes {shape[0]} inputs, but layer {index - 1} gives '
                f'{shapes[index - 1][1]}'
            )


def _check_codes(layer: Integers, device: Device) -> None:
    limits = zip(device.codes, device.code_limits, strict=True)
    for index, (name, (low, high)) in enumerate(limits):
        values = layer[..., index]
        if values.min() < low or values.max() > high:
            raise UserError(
                f'code {name} of device {device.name} is in {values.min()}..{values.max()}: '
                f'must be in {low}..{high}'
            )


@lru_cache(maxsize=8)
def chebyshev_nodes(count: int) -> Floats:
    """Return the `count` Chebyshev nodes of the first kind, mapped to x in [0, 1]."""
    return (1 + np.cos(math.pi * (np.arange(count) + 0.5) / count)) / 2


@lru_cache(maxsize=8)
def transform(count: int) -> Floats:
    """Return the matrix from values at the nodes to Chebyshev coefficients, `[count, count]`."""
    orders = np.arange(count)[:, None]
    matrix = 2 / count * np.cos(math.pi * orders * (np.arange(count) + 0.5) / count)
    matrix[0] /= 2
    return matrix


def node_inputs(device: Device, like: Array) -> Array:
    """Return the device's Chebyshev nodes `[nodes, 1, 1, 1]`, as an array like `like`."""
    xp = namespace(like)
    nodes = constant(chebyshev_nodes(device.nodes), like)
    return xp.reshape(nodes, (-1, 1, 1, 1))


def coefficients(edges: Array) -> Array:
    """Return the matrix of a layer from its edges' values at the Chebyshev nodes.

    `edges` has shape `[..., nodes, n_in, n_out]`; the result `[..., n_in * nodes, n_out]`.
    """
    xp = namespace(edges)
    *batch, nodes, n_in, n_out = edges.shape
    matrix = constant(transform(nodes), edges)
    flat = matrix @ xp.reshape(edges, (*batch, nodes, n_in * n_out))
    swapped = xp.moveaxis(xp.reshape(flat, (*batch, nodes, n_in, n_out)), -3, -2)
    return xp.reshape(swapped, (*batch, n_in * nodes, n_out))


def chebyshev(x: Array, count: int) -> Array:
    """Return the polynomials T_0 to T_(count-1) of x in [0, 1]: `[..., n]` to `[..., n * count]`.

    The gradient is finite inside the interval only, which rails before and after a squash ensure.
    """
    xp = namespace(x)
    orders = xp.arange(count, dtype=x.dtype, device=x.device)
    polynomials = xp.cos(xp.acos(2 * x - 1)[..., None] * orders)
    return xp.reshape(polynomials, (*x.shape[:-1], x.shape[-1] * count))


def squash(value: Array, scale: float) -> Array:
    """Map node values to [0, 1]: `1 / (1 + exp(-v / scale))`."""
    xp = namespace(value)
    return 1 / (1 + xp.exp(value * (-1 / scale)))


def keep(value: Array, layer: int) -> Array:
    """Return the node values of a layer unchanged: an ideal node."""
    return value


def plain_layer(x: Array, matrix: Array, nodes: int, scale: float) -> Array:
    """Return the sums of a layer for inputs in [0, 1]; for node values if `scale` is not 0."""
    return chebyshev(squash(x, scale) if scale else x, nodes) @ matrix


def fastest_layer(x: Array, matrix: Array, nodes: int, scale: float) -> Array:
    """Return the sums of a layer up to rounding, by compiled code or in blocks where possible."""
    if compiled.is_for(x, matrix):
        return compiled.layer(x, matrix, nodes, scale)
    many = isinstance(x, np.ndarray) and x.ndim == 2 and matrix.ndim == 2 and len(x) >= MANY_ROWS
    return (layer_in_blocks if many else plain_layer)(x, matrix, nodes, scale)


def layer_in_blocks(x: Floats, matrix: Floats, nodes: int, scale: float) -> Floats:
    """Return the sums `[rows, n_out]` of a layer for many rows of inputs `[rows, n_in]`.

    The polynomials of a block are computed by recursion and stay in the processor's cache.
    """
    out = np.empty((len(x), matrix.shape[1]))
    for first in range(0, len(x), ROWS_AT_ONCE):
        inputs = np.ascontiguousarray(x[first : first + ROWS_AT_ONCE].T)
        polynomials = recursive_polynomials(squash(inputs, scale) if scale else inputs, nodes)
        flat = polynomials.reshape(-1, inputs.shape[1])
        out[first : first + ROWS_AT_ONCE] = (matrix.T @ flat).T
    return out


def recursive_polynomials(x: Floats, count: int) -> Floats:
    """Return T_0 to T_(count-1) of x `[n, rows]`, `[n, count, rows]`; NaN outside of [0, 1]."""
    t = 2 * x - 1
    t[~(np.abs(t) <= 1)] = np.nan
    found = np.ones((len(x), max(count, 2), x.shape[1]))
    found[:, 1] = t
    t += t
    for order in range(2, count):
        np.multiply(t, found[:, order - 1], out=found[:, order])
        found[:, order] -= found[:, order - 2]
    return found[:, :count]


def propagate(
    x: Array,
    layers: Sequence[Array],
    nodes: int,
    scale: float = SQUASH_SCALE,
    node: Callable[[Array, int], Array] = keep,
    layer: Layer = fastest_layer,
) -> Array:
    """Evaluate a compiled network.

    Args:
        x: inputs in [0, 1], shape `[..., n_in]`
        layers: coefficients of each layer, `[n_in * nodes, n_out]`, or of many networks at once,
            `[networks, n_in * nodes, n_out]` for x `[networks, batch, n_in]`
        nodes: number of Chebyshev nodes of the device
        scale: of the squashing between layers
        node: effect of a chip on the sums of layer `i` (noise, rails, converter)
        layer: function that evaluates a layer

    Returns: the values of the output nodes, `[..., n_out]`, not squashed.
    """
    value = node(layer(x, layers[0], nodes, 0.0), 0)
    for index, matrix in enumerate(layers[1:], start=1):
        value = node(layer(value, matrix, nodes, scale), index)
    return value


def compile_layer(device: Device, physical: Array) -> Array:
    """Return the coefficients of a layer of ideal elements `[n_in, n_out, K, P]`."""
    xp = namespace(physical)
    edges = xp.sum(device.response(node_inputs(device, physical), physical), axis=-1)
    check_response(device, edges)
    return coefficients(edges)


def check_response(device: Device, edges: Array) -> None:
    """Raise a `UserError` unless all values `[nodes, n_in, n_out]` of edges are finite."""
    xp = namespace(edges)
    wrong = xp.any(~xp.isfinite(edges), axis=0)
    if bool(xp.any(wrong)):
        count = int(xp.sum(xp.astype(wrong, xp.int64)))
        raise UserError(
            f'device {device.name}: the response of {count} edges is not finite; '
            'for details run pkan_control.devices.testing.check_device'
        )
