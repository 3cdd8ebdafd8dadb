"""What a launch file's actions read and change while they are evaluated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Scope:
    """Launch configurations and environment at one point of a launch file."""

    configurations: dict[str, str]
    """Values of `arg` and `let`, and the pushed namespace as `ros_namespace`."""
    environment: dict[str, str]
    """Environment that the next process gets."""
    directory: Path
    """Directory of the launch file that is being evaluated, `$(dirname)`."""

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Undo every change of configurations and environment at the end of the block."""
        saved = dict(self.configurations), dict(self.environment)
        yield
        self.configurations, self.environment = saved

    @contextmanager
    def inside(self, directory: Path) -> Iterator[None]:
        """Let `$(dirname)` mean another directory within the block."""
        saved, self.directory = self.directory, directory
        yield
        self.directory = saved
