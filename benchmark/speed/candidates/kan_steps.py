"""pykan, in its fast mode: without the symbolic branch and without what it keeps for pictures."""

import numpy as np
import torch
from worker import Work


def training(shape: list[int], batch: int) -> Work:
    """Return training steps of a KAN of that shape with its default splines."""
    from kan import KAN

    torch.set_num_threads(1)
    net = KAN(width=list(shape), grid=5, k=3, seed=0, auto_save=False, device='cpu').speed()
    numbers = np.random.default_rng(0)
    x = torch.tensor(numbers.normal(size=(batch, shape[0])), dtype=torch.float32)
    wanted = torch.sin(x[:, 0] * x[:, 1]) + 0.5 * torch.cos(x[:, 2]) * x[:, -1]
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)

    def step() -> float:
        loss = ((net(x)[:, 0] - wanted) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return float(loss.item())

    losses = [step() for _ in range(60)]
    return Work(step, facts={'loss_before': losses[0], 'loss_after': losses[-1]})
