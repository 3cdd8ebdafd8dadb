"""Logs of a training run for TensorBoard."""

from pathlib import Path

import torch

from pkan_control.common.errors import UserError
from pkan_control.training.trainable import Trainable

# Steps between two points of a curve.
EVERY = 10


class Diary:
    """Writes curves of loss, learning rate, held-out loss and size of the network."""

    def __init__(self, folder: Path) -> None:
        """Log into a folder, which is made where there is none."""
        from torch.utils.tensorboard import SummaryWriter

        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = SummaryWriter(str(folder))
        except OSError as error:
            raise UserError(f'cannot write logs to {folder}: {error.strerror}') from None

    def note(
        self, step: int, loss: float, rate: float, held_out: float | None, network: Trainable
    ) -> None:
        """Write what there is to a step, every so many steps."""
        if held_out is not None:
            self._write('loss/held out', held_out, step)
        if step % EVERY:
            return
        self._write('loss/training', loss, step)
        self._write('learning rate', rate, step)
        self._write('quantised', float(network.quantised), step)
        if network.kept:
            edges = sum(int(torch.count_nonzero(layer)) for layer in network.kept)
            self._write('edges', float(edges), step)

    def _write(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is not on the disk yet."""
        self._writer.close()
