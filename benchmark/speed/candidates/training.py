"""Training steps of this project and what stands beside them, in torch on one thread."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from worker import Work

from pkan_control.devices.memdiode import memdiode
from pkan_control.networks.mlp import equal_shape
from pkan_control.training.stacked import evaluate, stacked
from pkan_control.training.trainable import TrainableMlp, make_ideal

RATE = 1e-2
# Steps after which the loss must have fallen.
STEPS = 60


def data(inputs: int, batch: int) -> tuple[Tensor, Tensor]:
    """Return what every candidate learns: a smooth function of observations of order 1."""
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(batch, inputs))
    y = np.sin(x[:, 0] * x[:, 1]) + 0.5 * np.cos(x[:, 2]) * x[:, -1]
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y[:, None], dtype=torch.float32)


def work_of(
    parameters: list[Tensor],
    forward: Callable[[], Tensor],
    wanted: Tensor,
    facts: dict[str, Any],
    learn: int = STEPS,
) -> Work:
    """Return full steps of Adam on the mean squared error; tell how the loss fell in the first."""
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99))

    def step() -> float:
        loss = ((forward() - wanted) ** 2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        return float(loss.detach())

    first = [float(v) for v in forward().detach()[:8, 0]]
    losses = [step() for _ in range(learn)]
    learnt = {'outputs': first, 'loss_before': losses[0], 'loss_after': losses[-1]}
    return Work(step, facts={**facts, **learnt, 'parameters': sum(p.numel() for p in parameters)})


def network(
    shape: list[int],
    k: int,
    batch: int,
    quantised: bool = False,
    device: str = 'bandpass',
    learn: int = STEPS,
    on: str = 'cpu',
) -> Work:
    """Return training steps of this project's network; `on` a CUDA device where there is one."""
    torch.set_num_threads(1)
    net = stacked([make_ideal(device, tuple(shape), k, seed=0)]).to(on)
    net.quantised = quantised
    x, y = (part.to(on) for part in data(shape[0], batch))
    parameters = [p.detach().flatten().tolist() for p in net.parameters()]
    facts = {'trainable': parameters} if device == 'bandpass' else {}
    return work_of(list(net.parameters()), lambda: evaluate(net, x[None])[0], y, facts, learn)


def mlp(shape: list[int], k: int, batch: int) -> Work:
    """Return training steps of an MLP with as many parameters, as anyone would write it."""
    torch.set_num_threads(1)
    count = sum(a * b for a, b in itertools.pairwise(shape)) * k * 3
    net = TrainableMlp(equal_shape(shape[0], shape[-1], count), seed=0)
    x, y = data(shape[0], batch)
    generator = torch.Generator()
    return work_of(list(net.parameters()), lambda: net.exposed(x, generator), y, {})


class Surrogate(nn.Module):
    """A network of memdiodes, each of them computed by one two-layer network of 125 units.

    Nobody trained that network: how long it takes does not depend on its weights.
    """

    def __init__(self, shape: tuple[int, ...], k: int) -> None:
        """Draw the elements' parameters; the units are fixed."""
        super().__init__()
        units = [nn.Linear(6, 125), nn.ReLU(), nn.Linear(125, 125), nn.ReLU(), nn.Linear(125, 1)]
        self.device = nn.Sequential(*units).requires_grad_(False)
        numbers = np.random.default_rng(0)
        draws = [
            memdiode.initial(numbers, (a, b, k)) / math.sqrt(a)
            for a, b in itertools.pairwise(shape)
        ]
        self.layers = nn.ParameterList([torch.tensor(d, dtype=torch.float32) for d in draws])

    def forward(self, observations: Tensor) -> Tensor:
        """Return the outputs of observations `[batch, n_in]`."""
        value = observations
        for layer in self.layers:
            p = torch.sigmoid(layer)
            volts = torch.sigmoid(2 * value)[:, :, None, None] + p[..., 5] - 0.5
            known = p[..., :5].expand(len(value), *p.shape[:3], 5)
            elements = self.device(torch.cat([volts[..., None], known], dim=-1))[..., 0]
            value = (elements * (3 * p[..., 6] - 1.5)).sum(dim=(1, 3))
        return value


def surrogate(shape: list[int], k: int, batch: int) -> Work:
    """Return training steps of memdiodes by a surrogate network."""
    torch.set_num_threads(1)
    net = Surrogate(tuple(shape), k)
    x, y = data(shape[0], batch)
    optimiser = torch.optim.Adam(net.layers.parameters(), lr=RATE)

    def step() -> None:
        loss = ((net(x) - y) ** 2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()

    elements = sum(layer[..., 0].numel() for layer in net.layers)
    return Work(step, facts={'elements': elements})
