"""Networks without flaws, for training: elements of all layers at once, slopes written out.

What is computed is that of `networks/program.py`, up to rounding, in a fraction of the operations.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pkan_control.chips.simulated import RAIL_V
from pkan_control.devices.element import Device, DifferentiableDevice
from pkan_control.networks.program import SQUASH_SCALE, chebyshev_nodes
from pkan_control.training.polynomials import layer, to_coefficients

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
