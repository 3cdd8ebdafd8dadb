"""What a network learns from: observations, and what should be done."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError


@dataclass
class Examples:
    """Normalised observations and expert actions `[n, ...]` seen so far."""

    observations: Tensor
    actions: Tensor

    def add(self, observations: Floats, actions: Floats) -> None:
        """Append what one batch of flights visited."""
        check_finite('observations', observations)
        check_finite('actions', actions)
        pairs = ((self.observations, observations), (self.actions, actions))
        self.observations, self.actions = (
            torch.cat([old, torch.tensor(new, dtype=torch.float32)]) for old, new in pairs
        )

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw examples with replacement."""
        index = torch.randint(len(self.actions), (count,), generator=generator)
        return self.observations[index], self.actions[index]


def check_finite(what: str, values: Floats) -> None:
    """Raise a `UserError` that names the first number `[n, ...]` of a data set that is none."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        count = int(np.count_nonzero(wrong))
        raise UserError(
            f'{what} to learn from: {count} of {values.size} numbers are not finite, the first '
            f'in row {place[0]}, column {place[1] if len(place) > 1 else 0}'
        )
