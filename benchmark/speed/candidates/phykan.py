"""The paper's own implementation (github ianvidamour/PhyKAN), from a checkout."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from worker import NotHereError, Work

MODULE = 'Feynman_Data/PhyKAN_Util.py'
TABLES = ('Feynman_Data/LowFilterVals.npy', 'Feynman_Data/HighFilterVals.npy')
# How many corners its tables hold; where the checkout has them by name only (Git LFS), as many
# are taken from what the same formula realises.
CORNERS = 5645


def module_at(path: str) -> Any:
    """Return its module."""
    file = Path(path).expanduser() / MODULE
    if not path or not file.exists():
        raise NotHereError(f'no checkout of PhyKAN with {MODULE}: give --phykan PATH')
    spec = importlib.util.spec_from_file_location('phykan_util', file)
    if spec is None or spec.loader is None:
        raise NotHereError(f'{file} is no Python file')
    module = importlib.util.module_from_spec(spec)
    sys.modules['phykan_util'] = module
    spec.loader.exec_module(module)
    return module


def corners(path: Path) -> np.ndarray:
    """Return a table of realisable corners in Hz."""
    try:
        return np.load(path).astype(np.float32).ravel()
    except (OSError, ValueError):
        low, high = np.meshgrid(np.arange(1, 256), np.arange(1, 256))
        every = np.unique(4e6 / np.pi * np.arctan(low / (2 * high + low)))
        chosen = np.linspace(0, len(every) - 1, CORNERS).round().astype(int)
        return every[chosen].astype(np.float32)


def training(
    path: str, shape: list[int], k: int, batch: int, discrete: bool, trainable: list[list[float]]
) -> Work:
    """Return training steps in its fastest mode: without the penalties that it can add.

    It begins where this project's network does: its sigmoid is twice as steep.
    """
    torch.set_num_threads(1)
    util = module_at(path)
    tables = [corners(Path(path).expanduser() / name) for name in TABLES]
    net = util.PhyKAN(shape, k, *tables)
    with torch.no_grad():
        for mine, theirs in zip(net.filter_params, trainable, strict=True):
            mine.copy_(torch.tensor(theirs).reshape(mine.shape) / 2)
    numbers = np.random.default_rng(0)
    x = torch.tensor(numbers.normal(size=(batch, shape[0])), dtype=torch.float32)
    wanted = np.sin(x[:, 0] * x[:, 1]) + 0.5 * np.cos(x[:, 2]) * x[:, -1]
    y = torch.as_tensor(wanted, dtype=torch.float32)[:, None]

    def step() -> float:
        net.filter_optim.zero_grad()
        net.threshold_optim.zero_grad()
        loss = net.lossfn(net.forward(x, discrete=discrete)[-1], y)
        loss.backward()
        net.filter_optim.step()
        net.threshold_optim.step()
        return float(loss.item())

    with torch.no_grad():
        first = net.forward(x, discrete=discrete)[-1][:8, 0].tolist()
    losses = [step() for _ in range(5)]
    facts = {'outputs': first, 'loss_before': losses[0], 'loss_after': losses[-1]}
    return Work(step, facts=facts)
