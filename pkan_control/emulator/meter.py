"""What an emulated board draws, by the estimate of the power of its program."""

from pkan_control.emulator.chip_model import ChipModel


class Meter:
    """Adds up energy from reading to reading, since the power came."""

    def __init__(self) -> None:
        """Begin at time 0 with nothing drawn."""
        self.power_w = self.energy_j = 0.0
        self._read_us = 0

    def read(self, model: ChipModel | None, now_us: int) -> None:
        """Take the power of the active program, and what it has drawn since the last reading."""
        self.power_w = 0.0 if model is None else model.power_w
        self.energy_j += self.power_w * (now_us - self._read_us) * 1e-6
        self._read_us = now_us
