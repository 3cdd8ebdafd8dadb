"""What pruning does to elements and to codes: a gain of 0 disconnects."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pkan_control.arrays import Integers
from pkan_control.devices.element import Device
from pkan_control.errors import UserError
from pkan_control.network import GAIN


def disconnected(device: Device, physical: Tensor, gone: Tensor) -> Tensor:
    """Return elements `[n_in, n_out, K, P]`, their gain 0 where edges `[n_in, n_out]` are gone."""
    place = _place(device, device.parameters)
    gain = torch.where(gone[..., None, None], 0.0, physical[..., place : place + 1])
    return torch.cat([physical[..., :place], gain, physical[..., place + 1 :]], dim=-1)


def pruned_codes(
    device: Device, layers: list[Integers], kept: list[NDArray[np.bool_]]
) -> list[Integers]:
    """Return codes, their gain 0 where an edge is gone, without nodes that nothing leaves."""
    codes = [layer.copy() for layer in layers]
    for layer, edges in zip(codes, kept, strict=True):
        layer[..., _place(device, device.codes)] *= edges[..., None]
    for number, edges in enumerate(kept[1:]):
        used = edges.any(axis=1)
        codes[number] = codes[number][:, used]
        codes[number + 1] = codes[number + 1][used]
    return codes


def _place(device: Device, names: tuple[str, ...]) -> int:
    if GAIN not in names:
        raise UserError(f'device {device.name}: without a {GAIN} its edges cannot be pruned')
    return names.index(GAIN)
