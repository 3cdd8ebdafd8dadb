"""A controller, the MLP of equal parameters and the expert, to fly the same episodes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.controller.bundle import Bundle, load_bundle
from pkan_control.mlp import Mlp
from pkan_control.rollouts.record import EpisodeRecord
from pkan_control.rollouts.rollout import Plan, Report, fly_bundle, fly_expert
from pkan_control.share import share

Flights = Callable[[Report], list[EpisodeRecord]]


def shipped(task: str) -> Path:
    """Return the path of the controller that ships for a task."""
    return share(f'controllers/{task}.safetensors')


def shipped_mlp(task: str) -> Path:
    """Return the path of the MLP of equal parameters that ships for a task."""
    return share(f'controllers/{task}_mlp.safetensors')


def contenders(
    plan: Plan, bundle: Bundle, chip: str, chips: int, calibration: Calibration | None = None
) -> dict[str, Flights]:
    """Return what flies, the controller first: functions that report how far they are."""
    own = partial(fly_bundle, plan, bundle, chip, chips, calibration=calibration)
    rows: dict[str, Flights] = {describe(bundle): own}
    if shipped_mlp(plan.task.name).exists():
        mlp = load_bundle(shipped_mlp(plan.task.name))
        rows.setdefault(describe(mlp), partial(fly_bundle, plan, mlp, 'ideal:', 1))
    rows['expert'] = partial(fly_expert, plan)
    return rows


def describe(bundle: Bundle) -> str:
    """Return what a controller is, in a few characters: device, shape, K."""
    shape = '-'.join(str(size) for size in bundle.program.shape)
    if isinstance(bundle.program, Mlp):
        return f'MLP {shape}'
    return f'{bundle.device} {shape} K{bundle.program.layers[0].shape[2]}'
