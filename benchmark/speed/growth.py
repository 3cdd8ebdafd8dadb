"""How time grows with size: an exponent for each, fitted to the larger sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from contest import Pace, take_turns
from process import Process

LIMIT = 1.1
# The exponent is that of the largest sizes, where what is done once no longer counts.
FITTED = 4


@dataclass(frozen=True)
class Series:
    """What grows: a candidate of each size, by its options."""

    name: str
    text: str
    sizes: tuple[int, ...]
    make: str
    options: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Growth:
    """Median seconds of one call at each size, and the fitted exponent."""

    series: Series
    seconds: tuple[float, ...]
    exponent: float


def series() -> list[Series]:
    """Return all series."""
    found = []
    step = {'k': 6, 'batch': 500, 'learn': 2}
    shape = {**step, 'shape': [4, 20, 20, 1]}
    for name, text, sizes, make, options in (
        ('nodes', 'training step against hidden nodes, [4,n,1]', (16, 32, 64, 128, 256, 512),
         'training:network', lambda n: {**step, 'shape': [4, n, 1]}),
        ('k', 'training step against K, [4,20,20,1]', (2, 4, 8, 16, 32, 64),
         'training:network', lambda n: {**shape, 'k': n}),
        ('batch', 'training step against batch, [4,20,20,1]', (125, 250, 500, 1000, 2000, 4000),
         'training:network', lambda n: {**shape, 'batch': n}),
        ('inputs', 'inference against batch, [12,16,4]', (10, 100, 1000, 4000, 16000, 64000),
         'inference:chip', lambda n: {'shape': [12, 16, 4], 'k': 4, 'batch': n}),
        ('chips', 'simulated chips at once, [12,16,4], 8 episodes each', (2, 4, 8, 16, 32, 64),
         'populations:population', lambda n: {'shape': [12, 16, 4], 'k': 4, 'chips': n}),
        ('drones', 'batched world against drones', (64, 256, 1024, 2048, 4096, 8192),
         'drones:batched', lambda n: {'batch': n}),
    ):  # fmt: skip
        found.append(Series(name, text, sizes, make, tuple(options(n) for n in sizes)))
    return found


def grow(one: Series, pace: Pace) -> Growth:
    """Run all sizes of a series by turns, in one process."""
    first = one.options[0]
    with Process(one.make, first) as process:
        made = [process.make(one.make, options) for options in one.options]
        values = take_turns([partial(process.run, of=m.number) for m in made], pace)
    seconds = [float(np.median(v)) * m.units for v, m in zip(values, made, strict=True)]
    return Growth(one, tuple(seconds), exponent(one.sizes, seconds))


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of the logarithms of the largest sizes."""
    x, y = np.log(sizes[-FITTED:]), np.log(seconds[-FITTED:])
    return float(np.polyfit(x, y, 1)[0])


def draw(growths: Sequence[Growth], path: Path) -> None:
    """Write a picture of all series, each relative to its smallest size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout='constrained')
    axes = figure.subplots()
    for growth in growths:
        sizes = np.array(growth.series.sizes) / growth.series.sizes[0]
        times = np.array(growth.seconds) / growth.seconds[0]
        label = f'{growth.series.text}: {growth.exponent:.2f}'
        axes.loglog(sizes, times, 'o-', label=label, markersize=4)
    ends = np.array(axes.get_xlim())
    ends[0] = 1.0
    axes.loglog(ends, ends, ':', color='grey', label='linear')
    axes.set_xlabel('size, over the smallest')
    axes.set_ylabel('time of a call, over that of the smallest')
    axes.grid(visible=True, which='major', alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=120)
