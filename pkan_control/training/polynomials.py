"""The layer of `networks/program.py` for training, its gradient written out: several times faster.

Chebyshev polynomials come by their recursion, an operation each, and the slope of a sum of them is
such a sum again, of other coefficients: one matrix product. Cosines are not needed. A sample is a
column, so that every operation runs along the batch.

The recursion is that of signed polynomials, S = T_0, T_1, -T_2, -T_3, T_4, ...: for these it is
`S_(k+1) = S_(k-1) +- 2 t S_k`, which is a multiplication and an addition at once.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pkan_control.common.arrays import Floats
from pkan_control.networks.program import transform


def signs(count: int) -> Floats:
    """Return the signs of S_0 to S_(count-1)."""
    return np.resize([1.0, 1.0, -1.0, -1.0], count)


def polynomials(t: Tensor, count: int) -> Tensor:
    """Return S_0 to S_(count-1) of t in [-1, 1], `[m, n, batch]` to `[m, count, n, batch]`."""
    members, n, batch = t.shape
    found = torch.empty((members, count, n, batch), dtype=t.dtype, device=t.device)
    found[:, 0] = 1
    found[:, 1] = t
    before, last = found[:, 0], found[:, 1]
    for order in range(2, count):
        value = -2.0 if order % 2 == 0 else 2.0
        here = found[:, order]
        torch.addcmul(before, t, last, value=value, out=here)
        before, last = last, here
    return found


@lru_cache(maxsize=8)
def to_coefficients(count: int) -> Tensor:
    """Return the matrix `[count, count]` from values at the nodes to coefficients of S."""
    return torch.tensor(signs(count)[:, None] * transform(count))


@lru_cache(maxsize=8)
def _to_slopes(count: int) -> Tensor:
    """Return the matrix `[count, count]` from coefficients to those of the derivative."""
    slopes = np.polynomial.chebyshev.chebder(np.eye(count))
    slopes = np.concatenate([slopes, np.zeros((1, count))])
    return torch.tensor(signs(count)[:, None] * slopes * signs(count))


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, value: Tensor, coefficients: Tensor, scale: float, rail: float
    ) -> Tensor:
        t = value.clamp(-rail, rail).div_(scale).tanh_()
        found = polynomials(t, coefficients.shape[1])
        ctx.save_for_backward(value, found, coefficients)
        ctx.scale, ctx.rail = scale, rail
        return coefficients.flatten(1, 2).transpose(1, 2) @ found.flatten(1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        value, found, coefficients = ctx.saved_tensors
        by_value = None
        if ctx.needs_input_grad[0]:
            steep = _to_slopes(coefficients.shape[1]).to(coefficients) @ coefficients.flatten(2)
            each = steep.reshape(coefficients.shape).flatten(1, 2) @ slope
            by_t = each.reshape(found.shape).mul_(found).sum(dim=1)
            inside = value.abs() < ctx.rail
            by_value = by_t * (1 - found[:, 1] ** 2) * inside / ctx.scale
        by_coefficients = found.flatten(1, 2) @ slope.transpose(1, 2)
        return by_value, by_coefficients.reshape(coefficients.shape), None, None


def layer(value: Tensor, coefficients: Tensor, scale: float, rail: float) -> Tensor:
    """Return the sums of a layer: of `tanh(v / scale)` of its inputs v, limited to +-rail.

    Args:
        value: inputs `[m, n_in, batch]` of m networks
        coefficients: of the signed polynomials, `[m, nodes, n_in, n_out]`
        scale: twice that of the squash `1 / (1 + exp(-v / scale))` to [0, 1]
        rail: what inputs are limited to

    Returns: `[m, n_out, batch]`
    """
    found: Tensor = _Layer.apply(value, coefficients, scale, rail)  # type: ignore[no-untyped-call]
    return found
