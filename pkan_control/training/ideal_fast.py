"""Networks on ideal chips, for training: several times faster than `networks/program.py`.

It computes the same up to rounding. The elements of all layers are evaluated at once, and the
gradients are written out. Chebyshev polynomials follow from their recursion, one operation each;
the derivative of a sum of them is such a sum with other coefficients, which is one matrix product.
A sample is a column, so that every operation runs along the batch.

The recursion is that of signed polynomials, S = T_0, T_1, -T_2, -T_3, T_4, ...: for these it is
`S_(k+1) = S_(k-1) +- 2 t S_k`, a multiplication and an addition at once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pkan_control.chips.simulated import RAIL_V
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import Device, DifferentiableDevice
from pkan_control.networks.program import SQUASH_SCALE, chebyshev_nodes, transform

Shapes = Sequence[torch.Size]


def coefficients(device: Device, physical: Tensor, shapes: Shapes) -> tuple[Tensor, ...]:
    """Return the coefficients `[m, nodes, n_in, n_out]` of each layer, as `layer` takes them.

    `physical` are the elements `[m, n, P]` of all layers, of shapes `[m, n_in, n_out, K, P]`; K is
    the same in all of them.
    """
    nodes = torch.as_tensor(chebyshev_nodes(device.nodes)).to(physical)[:, None, None]
    if not isinstance(device, DifferentiableDevice):
        return _of_responses(device.response(nodes, physical), shapes)
    found: tuple[Tensor, ...] = _Coefficients.apply(device, shapes, nodes, physical)  # type: ignore[no-untyped-call]
    return found


def _of_responses(responses: Tensor, shapes: Shapes) -> tuple[Tensor, ...]:
    """Return the coefficients of elements' responses `[nodes, m, n]`."""
    matrix = to_coefficients(len(responses)).to(responses)
    edges = responses.reshape(*responses.shape[:2], -1, shapes[0][3]).sum(dim=-1)
    flat = (matrix @ edges.flatten(1)).reshape(edges.shape).movedim(1, 0)
    parts = torch.split(flat, [shape[1] * shape[2] for shape in shapes], dim=2)
    return tuple(
        part.reshape(*part.shape[:2], *shape[1:3])
        for part, shape in zip(parts, shapes, strict=True)
    )


class _Coefficients(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, device: DifferentiableDevice, shapes: Shapes, nodes: Tensor, physical: Tensor
    ) -> tuple[Tensor, ...]:
        responses, *slopes = device.slopes(nodes, physical)
        ctx.elements = shapes[0][3]
        ctx.save_for_backward(*slopes)
        return _of_responses(responses, shapes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, None, Tensor]:
        slopes: tuple[Tensor, ...] = ctx.saved_tensors
        whole = torch.cat([gradient.flatten(2) for gradient in gradients], dim=2).movedim(1, 0)
        back = to_coefficients(len(whole)).to(whole).T
        by_edge = (back @ whole.flatten(1)).reshape(*whole.shape, 1)
        shape = (*whole.shape, ctx.elements)
        parts = [(slope.reshape(shape) * by_edge).sum(dim=0) for slope in slopes]
        return None, None, None, torch.stack(parts, dim=-1).flatten(1, 2)


def evaluate(layers: Sequence[Tensor], inputs: Tensor) -> Tensor:
    """Return the outputs `[m, batch, n_out]` of networks for inputs `[m, batch, n_in]`.

    Inputs are normalised observations; nodes are limited to the rails before they are squashed.
    """
    value = inputs.transpose(1, 2)
    for matrix in layers:
        value = layer(value, matrix, 2 * SQUASH_SCALE, RAIL_V)
    return value.transpose(1, 2)


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
