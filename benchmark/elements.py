"""Are elements what they should be? Closed form, gradients, single precision, nearest corners.

Random memristive elements against their two equations, a bracketing root finder and differences;
corners of filters against random targets. `--json FILE` writes the figures.
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import optimize

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.devices.bandpass import bandpass, realised_hz
from pkan_control.devices.memdiode import HIGH, LOW, memdiode, solve
from pkan_control.reporting.tables import console, fact_table

COUNT, REPEATS = 10_000, 9
STEP = 1e-5
CORNERS_HZ = (4e3, 400e3)


def parameters() -> Floats:
    """Return parameters `[COUNT, 7]` all over their ranges, `I_0` evenly in its logarithm."""
    values: Floats = LOW + (HIGH - LOW) * stream(0, 'elements').random((COUNT, 7))
    values[:, 3] = 10 ** stream(0, 'saturation').uniform(-7, -5, COUNT)
    return values


def closed_form() -> dict[str, float]:
    """Return residuals of both equations, and the distance to a root finder, all relative."""
    values, volts = parameters(), stream(0, 'volts').uniform(-0.5, 1.5, COUNT)
    u, i = solve(volts, values)
    load, divider, series, saturation, slope = values.T[:5]
    terms = np.array([u, load * (volts - u) / divider, -load * i])
    first = abs(terms[0] - terms[1] - terms[2]) / abs(terms).max(axis=0)
    second = abs(saturation * np.exp(slope * (u + volts - i * series)) / i - 1)
    pairs = zip(volts, values, strict=True)
    roots = np.array([root(float(v), row) for v, row in pairs])
    errors = abs(np.stack([u, i], axis=1) / roots - 1)
    return {
        'residual of the divider': float(first.max()),
        'residual of the memdiode': float(second.max()),
        'distance to a root finder': float(errors.max()),
    }


def root(volts: float, values: Floats) -> tuple[float, float]:
    """Return output and current by a bracketing root finder, over the current's logarithm."""
    load, divider, series, saturation, slope = values[:5].tolist()

    def output(current: float) -> float:
        return load * (volts - divider * current) / (divider + load)

    def excess(log: float) -> float:
        current = math.exp(log)
        drive = slope * (output(current) + volts - current * series)
        return log - math.log(saturation) - drive

    current = math.exp(optimize.brentq(excess, -300.0, 5.0, xtol=1e-14, rtol=1e-15))
    return output(current), current


def gradients() -> float:
    """Return the largest error of a gradient against central differences, relative from 1 up."""
    values, x = (
        2 * stream(0, 'trainable').standard_normal((COUNT, 7)),
        stream(0, 'x').random(COUNT),
    )
    leaves = [torch.from_numpy(each).requires_grad_() for each in (x, values)]
    torch.autograd.backward(memdiode.response(leaves[0], memdiode.bounded(leaves[1])).sum())
    grads = [leaf.grad for leaf in leaves]
    found = np.concatenate([np.asarray(g).reshape(COUNT, -1) for g in grads], axis=1)
    worst = 0.0
    for index in range(8):
        step = STEP * (np.arange(8) == index)
        up, down = (
            memdiode.response(x + s[0], memdiode.bounded(values + s[1:])) for s in (step, -step)
        )
        wanted = (up - down) / (2 * STEP)
        worst = max(
            worst, float((abs(found[:, index] - wanted) / np.maximum(1, abs(wanted))).max())
        )
    return worst


def single_precision() -> dict[str, float]:
    """Return how many values and gradients are not finite, and the largest error in volts."""
    values = stream(0, 'trainable').choice([-30.0, -2.0, 0.0, 2.0, 30.0], (COUNT, 7))
    x = np.linspace(0, 1, 51)[:, None]
    single = torch.tensor(values, dtype=torch.float32, requires_grad=True)
    found = memdiode.response(torch.tensor(x, dtype=torch.float32), memdiode.bounded(single))
    torch.autograd.backward(found.sum())
    parts = (found.detach(), torch.as_tensor(single.grad))
    wrong = sum(int((~torch.isfinite(part)).sum()) for part in parts)
    error = abs(found.detach().numpy() - memdiode.response(x, memdiode.bounded(values)))
    return {
        'single precision, not finite': wrong,
        'single precision, error in V': float(error.max()),
    }


def corners() -> dict[str, float]:
    """Return relative errors of the nearest realisable corners, and the time that they take."""
    low, high = np.log(CORNERS_HZ)
    targets = np.exp(stream(0, 'corners').uniform(low, high, (COUNT, 2)))
    physical = np.concatenate([np.ones((COUNT, 1)), targets], axis=1)
    codes = bandpass.encode(physical)
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        bandpass.encode(physical[: COUNT // 2])
        took.append(time.perf_counter() - began)
    c1, c2 = codes[:, [1, 3]].astype(float), codes[:, [2, 4]].astype(float)
    errors = abs(realised_hz(c1, c2) / targets - 1)
    inside = bool(((codes[:, 1:] >= 1) & (codes[:, 1:] <= 255)).all())
    return {
        'corners, codes are in 1..255': inside,
        'corners, worst error': float(errors.max()),
        'corners, median error': float(np.median(errors)),
        f'{COUNT} corners, ms': float(np.median(took) * 1e3),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    path = parser.parse_args().json
    figures: dict[str, Any] = {
        **closed_form(), 'gradients, worst error': gradients(), **single_precision(), **corners(),
    }  # fmt: skip
    shown = {name: f'{v:.3g}' if isinstance(v, float) else str(v) for name, v in figures.items()}
    console.print(fact_table(f'{COUNT} random elements', shown))
    if path:
        path.write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
