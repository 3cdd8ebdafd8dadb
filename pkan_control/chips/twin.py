"""Digital twin of one chip: element parameters fitted to its measurements, run as a chip."""

from dataclasses import dataclass

import numpy as np

from pkan_control.chips.chip import Identity
from pkan_control.chips.ideal import WHOLE, Part, Trim, TrimmedChip, untrimmed
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import PRESETS, Deviations
from pkan_control.devices.element import Device, find_device
from pkan_control.networks.program import Program, propagate, squash

# The widest deviations of real parts, narrowed down by the measurements.
PRIOR = PRESETS['bad']
# Gauss-Newton steps, and the step of the finite differences in sigmas of the prior.
STEPS, DIFFERENCE = 4, 0.05


@dataclass(frozen=True)
class TwinLayer:
    """One layer of a chip as fitted, before trims.

    `physical[n_in, n_out, K, P]` are the elements' parameters, `alive[n_in, n_out, K]` is 0
    for a dead element, `gain` and `offset[n_in, n_out]` are those of the paths.
    """

    physical: Floats
    alive: Floats
    gain: Floats
    offset: Floats


@dataclass(frozen=True)
class Readings:
    """Measurements of a layer: values `[n, n_in, n_out]` at inputs `x[n]`.

    `drive[n]` is 0 where the drive was off; `sigma` is the noise of one value.
    """

    x: Floats
    drive: Floats
    values: Floats
    sigma: float


def fit_twin(
    program: Program, readings: list[Readings], alive: list[Floats], prior: Deviations = PRIOR
) -> tuple[TwinLayer, ...]:
    """Return the layers of the twin: least squares with Gaussian priors on the deviations."""
    device = find_device(program.device)
    return tuple(
        _fit_layer(device, device.decode(codes), read, living, prior)
        for codes, read, living in zip(program.layers, readings, alive, strict=True)
    )


def _fit_layer(
    device: Device, wanted: Floats, readings: Readings, alive: Floats, prior: Deviations
) -> TwinLayer:
    """Fit node by node; each edge of a node is an independent problem."""
    nodes = [
        _fit_node(device, wanted[:, node], _of_node(readings, node), alive[:, node], prior)
        for node in range(wanted.shape[1])
    ]
    physical, gain, offset = (np.stack(parts, axis=1) for parts in zip(*nodes, strict=True))
    return TwinLayer(physical, alive, gain, offset)


def _of_node(readings: Readings, node: int) -> Readings:
    return Readings(readings.x, readings.drive, readings.values[:, :, node], readings.sigma)


def _fit_node(
    device: Device, wanted: Floats, readings: Readings, alive: Floats, prior: Deviations
) -> tuple[Floats, Floats, Floats]:
    """Return parameters `[n_in, K, P]`, gains and offsets `[n_in]` of the edges to a node.

    The unknowns of an edge are the standard normal draws `[K * P]` of its elements' deviations,
    with a prior sigma of 1, and the gain and offset of its path.
    """
    sources, elements, parameters = wanted.shape
    draws = np.zeros_like(wanted)
    mean = np.array([*[0.0] * (elements * parameters), 1 + prior.edge_gain_mean, 0.0])
    spread = [*[1.0] * (elements * parameters), prior.edge_gain, prior.offset]
    weight = readings.sigma**2 * np.diag(1 / np.square(spread))
    unknowns = np.tile(mean, (sources, 1))
    for _ in range(STEPS):
        model, slopes = _linearised(device, wanted, unknowns, readings, alive, prior)
        residual = readings.values - model
        normal = np.einsum('nsi,nsj->sij', slopes, slopes) + weight
        downhill = np.einsum('nsi,ns->si', slopes, residual) + (mean - unknowns) @ weight
        unknowns = unknowns + np.linalg.solve(normal, downhill[..., None])[..., 0]
    draws = unknowns[:, :-2].reshape(wanted.shape)
    return _deviated(device, wanted, draws, prior), unknowns[:, -2], unknowns[:, -1]


def _linearised(
    device: Device,
    wanted: Floats,
    unknowns: Floats,
    readings: Readings,
    alive: Floats,
    prior: Deviations,
) -> tuple[Floats, Floats]:
    """Return the model's values `[n, n_in]` and their slopes `[n, n_in, unknowns]`."""
    sources, elements, parameters = wanted.shape
    draws, gain, offset = unknowns[:, :-2].reshape(wanted.shape), unknowns[:, -2], unknowns[:, -1]

    def respond(moved: Floats) -> Floats:
        physical = _deviated(device, wanted, moved, prior)
        values: Floats = device.exact_response(readings.x[:, None, None], physical)
        return values * alive * readings.drive[:, None, None]

    there = respond(draws)
    slopes = np.empty((len(readings.x), sources, elements, parameters))
    for parameter in range(parameters):
        moved = draws.copy()
        moved[..., parameter] += DIFFERENCE
        slopes[..., parameter] = (respond(moved) - there) / DIFFERENCE
    total = there.sum(axis=-1)
    flat = (slopes * gain[:, None, None]).reshape(*total.shape, -1)
    ones = np.ones_like(total)
    return offset + gain * total, np.concatenate([flat, total[..., None], ones[..., None]], -1)


def _deviated(device: Device, wanted: Floats, draws: Floats, prior: Deviations) -> Floats:
    return device.deviate(wanted, draws, np.zeros_like(draws), prior)


class TwinChip(TrimmedChip):
    """A twin as a chip, without noise or latency; it runs only the program it was fitted for."""

    def __init__(self, uid: str, twin: tuple[TwinLayer, ...]) -> None:
        """Take the uid of the chip, and its fitted layers."""
        super().__init__()
        self._uid, self._twin = uid, twin

    @property
    def identity(self) -> Identity:
        """Kind, the chip's uid, and a latency of 0."""
        return Identity('twin', self._uid, 0.0)

    def _compile(self, program: Program) -> list[Floats]:
        shapes = [layer.physical.shape[:3] for layer in self._twin]
        if shapes != [codes.shape[:3] for codes in program.layers]:
            raise UserError(f'network of shape {program.shape}: the twin has layers {shapes}')
        self._trims = untrimmed(program)
        return [self._compile_layer(layer) for layer in range(len(shapes))]

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        """Take inputs `[n]` for all sources, or `[n, n_in]` for each source."""
        twin = self._twin[layer]
        inputs = x.reshape(len(x), -1, 1, 1)
        values: Floats = self._device.exact_response(inputs, twin.physical[part])
        return values * twin.alive[part]

    def _paths(self, layer: int) -> Trim:
        return self._twin[layer].gain, self._twin[layer].offset

    def last_edges(self, x: Floats) -> Floats:
        """Return the last layer's edges `[n, n_before, n_out]` for inputs `[n, n_in]`.

        A program must be loaded.
        """
        scale, last = self._loaded().squash_scale, len(self._layers) - 1
        values = x
        if last:
            values = squash(propagate(x, self._layers[:-1], self._device.nodes, scale), scale)
        return self._edge_values(self._element_values(values, last), last)
