"""Robot controllers that run on analogue Kolmogorov-Arnold networks.

>>> import pkan_control as pk
>>> with pk.load_controller('cartpole', chip='sim:?preset=typical&seed=3') as controller:
...     command = controller.step(state=[0.1, 0.0, 0.05, 0.0], goal=[0.0], time_s=0.0)

Everything public is on the page `doc/api.md`. Importing the package is cheap: NumPy, PyTorch,
PyBullet and ROS are loaded when a function needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from pkan_control.common.import_hooks import when_imported
from pkan_control.common.version import __version__

if TYPE_CHECKING:
    from pkan_control.chips.uri import open_chip
    from pkan_control.common.errors import UserError
    from pkan_control.evaluation.load_controller import load_controller
    from pkan_control.evaluation.rollouts.experiment import rollout
    from pkan_control.evaluation.studies.yield_report import yield_study
    from pkan_control.evaluation.vector_env import vector_env
    from pkan_control.training.train import train

__all__ = [
    'UserError',
    '__version__',
    'load_controller',
    'open_chip',
    'rollout',
    'train',
    'vector_env',
    'yield_study',
]

_MODULES = {
    'UserError': 'common.errors',
    'load_controller': 'evaluation.load_controller',
    'open_chip': 'chips.uri',
    'rollout': 'evaluation.rollouts.experiment',
    'train': 'training.train',
    'vector_env': 'evaluation.vector_env',
    'yield_study': 'evaluation.studies.yield_report',
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load what is public when it is first asked for (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        value = getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
        globals()[name] = value
        return value


def _register_environments() -> None:
    import_module(f'{__name__}.evaluation.environment_ids').register_environments()


when_imported('gymnasium', _register_environments)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith('__'))})
