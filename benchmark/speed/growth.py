"""How time grows with size: an exponent for each, fitted to the larger sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from contest import Candidate, Pace, started, take_turns

LIMIT = 1.1
# The exponent is that of the largest sizes, where what is done once no longer counts.
FITTED = 4


@dataclass(frozen=True)
class Series:
    """What grows: a candidate of each size."""

    name: str
    text: str
    sizes: tuple[int, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Growth:
    """Median seconds of one call at each size, and the fitted exponent."""

    series: Series
    seconds: tuple[float, ...]
    exponent: float


def series() -> list[Series]:
    """Return all series."""
    found = []
    for name, text, sizes, make, options in (
        ('nodes', 'training step against hidden nodes, [4,n,1]', (16, 32, 64, 128, 256, 512),
         'training:network', lambda n: {'shape': [4, n, 1], 'k': 6, 'batch': 500}),
        ('k', 'training step against K, [4,20,20,1]', (2, 4, 8, 16, 32, 64),
         'training:network', lambda n: {'shape': [4, 20, 20, 1], 'k': n, 'batch': 500}),
        ('batch', 'training step against batch, [4,20,20,1]', (125, 250, 500, 1000, 2000, 4000),
         'training:network', lambda n: {'shape': [4, 20, 20, 1], 'k': 6, 'batch': n}),
        ('inputs', 'inference against batch, [12,16,4]', (10, 100, 1000, 4000, 16000, 64000),
         'inference:chip', lambda n: {'shape': [12, 16, 4], 'k': 4, 'batch': n}),
        ('chips', 'simulated chips at once, [12,16,4], 8 episodes each', (2, 4, 8, 16, 32, 64),
         'populations:population', lambda n: {'shape': [12, 16, 4], 'k': 4, 'chips': n}),
        ('drones', 'batched world against drones', (64, 256, 1024, 2048, 4096, 8192),
         'drones:batched', lambda n: {'batch': n}),
    ):  # fmt: skip
        each = tuple(Candidate(f'{name} {n}', make, options(n)) for n in sizes)
        found.append(Series(name, text, sizes, each))
    return found


def grow(one: Series, pace: Pace) -> Growth:
    """Run all sizes of a series by turns."""
    with started(one.candidates) as processes:
        units = [process.units for process in processes]
        values = take_turns(processes, pace)
    seconds = [float(np.median(v)) * n for v, n in zip(values, units, strict=True)]
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
