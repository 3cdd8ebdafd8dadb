"""Finetuning of a chip by training in the loop: forward on the chip, backward on its twin.

Physics-aware training (Wright et al., "Deep physical neural networks trained with
backpropagation", Nature 601, 2022). It trains the trims of all edges. The program is kept, since
the grid of its gains is too coarse to gain from it. The trims are few and the twin is nearly
linear in them, so that each round solves for all of them at once: the residual is measured on the
chip, and its derivative with respect to the trims is that of the twin.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pkan_control.chips.calibration.calibrate import Bench
from pkan_control.chips.calibration.calibration import Calibration, set_trims
from pkan_control.chips.ideal import MAX_GAIN, Trim
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import squash

# Progress callback: the rounds that are done.
RoundsDone = Callable[[int], None]
# Prior sigma of the change of a trim, in gain and in gain units.
PRIOR = 0.03
# First stage of the measurements; a calibration uses those before it, and draws other noise.
FIRST_STAGE = 6


@dataclass(frozen=True)
class Finetuned:
    """The calibration with the best trims, and the errors before and after.

    Errors are RMSE of outputs for inputs that were not trained with; 1 is full scale.
    """

    calibration: Calibration
    before: float
    after: float


def finetune(bench: Bench, calibration: Calibration, rounds: int, report: RoundsDone) -> Finetuned:
    """Train the trims of a chip that holds its program; leave it with the best ones.

    Each round measures the outputs and takes a step, which is kept only if the next measurement is
    better.
    """
    trims = best = calibration.trims
    least = before = np.inf
    for number in range(rounds + 1):
        set_trims(bench.chip, trims)
        outputs = bench.outputs(FIRST_STAGE + number, 'in the loop')
        residual = bench.targets - outputs.mean(axis=0)
        error = float(np.sqrt(np.mean(np.square(residual[bench.held]))))
        before = error if number == 0 else before
        if error < least:
            best, least = trims, error
        noise = float(outputs.std(axis=0).mean() / np.sqrt(len(outputs)))
        trims = _step(bench, calibration, trims, residual, noise)
        report(number + 1)
    set_trims(bench.chip, best)
    return Finetuned(replace(calibration, trims=best), before, least)


def _step(
    bench: Bench, calibration: Calibration, trims: tuple[Trim, ...], residual: Floats, noise: float
) -> tuple[Trim, ...]:
    """Return the trims that should remove the residuals `[n, n_out]` of the outputs."""
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
    change = np.linalg.solve(normal, rows.T @ residual[used].reshape(-1) + back)
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

    `edges` are the untrimmed responses `[n_in, n_hidden]` of its first layer.
    """
    trims = _parts(calibration, flat)
    values = (edges * trims[0] + trims[1]).sum(dim=-2)
    for number, twin in enumerate(calibration.twin[1:], 1):
        inputs = squash(values, bench.program.squash_scale)
        edges = _twin_edges(bench.program.device, twin, inputs)
        values = (edges * trims[2 * number] + trims[2 * number + 1]).sum(dim=-2)
    return values


def _twin_edges(device: str, twin: TwinLayer, inputs: Tensor) -> Tensor:
    """Return the untrimmed responses of the edges of a layer, `[..., n_in, n_out]`."""
    physical, alive, gain, offset = (
        torch.from_numpy(part) for part in (twin.physical, twin.alive, twin.gain, twin.offset)
    )
    elements: Tensor = find_device(device).exact_response(inputs[..., None, None], physical)
    return (elements * alive).sum(dim=-1) * gain + offset
