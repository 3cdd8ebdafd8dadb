"""Training in the loop: forward on a chip, backward through its digital twin.

Physics-aware training (Wright et al., "Deep physical neural networks trained with
backpropagation", Nature 601, 2022). What is trained are the trims of all edges; the program stays,
since its grid of gains costs more than it mends. They are few and the twin is nearly linear in
them, so each round solves for them at once: what the chip lacks is what was measured, and how the
trims act on it is the twin's slope.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pkan_control.chips.calibration.calibrate import Bench
from pkan_control.chips.calibration.calibration import Calibration, set_trims
from pkan_control.chips.trimmed import MAX_GAIN, Trim
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import squash

Report = Callable[[int], None]
# How far trims are expected from those of the calibration (sigma), in gain and in gain units.
PRIOR = 0.03
# Stages of measuring that no calibration uses: noise that is not that of its own.
BEFORE, ROUND = 6, 7


@dataclass(frozen=True)
class Tuned:
    """The calibration with the best trims, and the errors by which that was decided.

    Errors are RMSE of outputs for inputs that were not trained with; 1 is full scale.
    """

    calibration: Calibration
    before: float
    after: float


def tune(bench: Bench, calibration: Calibration, rounds: int, report: Report) -> Tuned:
    """Train the trims of a chip that holds its program; it is left with the best ones.

    A round measures, takes a step, and is kept only if the next measurement is better.
    """
    trims = best = calibration.trims
    least = before = np.inf
    for number in range(rounds + 1):
        set_trims(bench.chip, trims)
        outputs = bench.outputs(BEFORE + number, 'in the loop')
        lack = bench.targets - outputs.mean(axis=0)
        error = float(np.sqrt(np.mean(np.square(lack[bench.held]))))
        before = error if number == 0 else before
        if error < least:
            best, least = trims, error
        noise = float(outputs.std(axis=0).mean() / np.sqrt(len(outputs)))
        trims = _step(bench, calibration, trims, lack, noise)
        report(number + 1)
    set_trims(bench.chip, best)
    return Tuned(replace(calibration, trims=best), before, least)


def _step(
    bench: Bench, calibration: Calibration, trims: tuple[Trim, ...], lack: Floats, noise: float
) -> tuple[Trim, ...]:
    """Return the trims that should give what the outputs `[n, n_out]` lack."""
    used = ~bench.held
    x = torch.from_numpy(bench.all_inputs[used])
    flat, first = (_flat(each) for each in (trims, calibration.trims))
    first_edges = _twin_edges(bench.program.device, calibration.twin[0], x)
    slope = torch.func.jacrev(
        lambda values, edges: _twin_outputs(calibration, bench, edges, values)
    )
    rows = torch.func.vmap(slope, (None, 0))(flat, first_edges).reshape(-1, len(flat)).numpy()
    ridge = (noise / PRIOR) ** 2
    normal = rows.T @ rows + ridge * np.eye(len(flat))
    back = ridge * (first - flat).numpy()
    change = np.linalg.solve(normal, rows.T @ lack[used].reshape(-1) + back)
    arrays = [each.numpy() for each in _parts(calibration, flat + torch.from_numpy(change))]
    gains = [np.clip(gain, -MAX_GAIN, MAX_GAIN) for gain in arrays[::2]]
    return tuple(zip(gains, arrays[1::2], strict=True))


def _flat(trims: tuple[Trim, ...]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.ravel(part) for trim in trims for part in trim]))


def _parts(calibration: Calibration, flat: Tensor) -> list[Tensor]:
    """Return gain and offset `[n_in, n_out]` of one layer after the other."""
    shapes = [part.shape for trim in calibration.trims for part in trim]
    sizes = [int(np.prod(shape)) for shape in shapes]
    pairs = zip(torch.split(flat, sizes), shapes, strict=True)
    return [part.reshape(shape) for part, shape in pairs]


def _twin_outputs(calibration: Calibration, bench: Bench, edges: Tensor, flat: Tensor) -> Tensor:
    """Return the outputs `[n_out]` of the twin with trims.

    Given are the edges `[n_in, n_hidden]` of its first layer, which trims do not change.
    """
    trims = _parts(calibration, flat)
    values = (edges * trims[0] + trims[1]).sum(dim=-2)
    for number, twin in enumerate(calibration.twin[1:], 1):
        inputs = squash(values, bench.program.squash_scale)
        edges = _twin_edges(bench.program.device, twin, inputs)
        values = (edges * trims[2 * number] + trims[2 * number + 1]).sum(dim=-2)
    return values


def _twin_edges(device: str, twin: TwinLayer, inputs: Tensor) -> Tensor:
    """Return what a layer's edges give before trims, `[..., n_in, n_out]`."""
    physical, alive, gain, offset = (
        torch.from_numpy(part) for part in (twin.physical, twin.alive, twin.gain, twin.offset)
    )
    elements: Tensor = find_device(device).exact_response(inputs[..., None, None], physical)
    return (elements * alive).sum(dim=-1) * gain + offset
