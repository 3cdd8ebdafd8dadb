"""Logs of a training run for TensorBoard."""

from pathlib import Path
from types import TracebackType

import torch

from pkan_control.common.errors import UserError
from pkan_control.training.trainable import Trainable

# Steps between two points of a curve.
INTERVAL = 10


class TensorboardLog:
    """Curves of loss, learning rate, held-out loss and size of the network; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Log into a folder, which is created if necessary."""
        from torch.utils.tensorboard import SummaryWriter

        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = SummaryWriter(str(folder))
        except OSError as error:
            raise UserError(f'cannot write logs to {folder}: {error.strerror}') from None

    def __enter__(self) -> 'TensorboardLog':
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the rest to disk."""
        self._writer.close()

    def record(
        self, step: int, loss: float, rate: float, held_out: float | None, network: Trainable
    ) -> None:
        """Record a step: the held-out loss where there is one, the rest every few steps."""
        if held_out is not None:
            self._write('loss/held out', held_out, step)
        if step % INTERVAL:
            return
        self._write('loss/training', loss, step)
        self._write('learning rate', rate, step)
        self._write('quantised', float(network.quantised), step)
        if network.kept:
            edges = sum(int(torch.count_nonzero(layer)) for layer in network.kept)
            self._write('edges', float(edges), step)

    def _write(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)
