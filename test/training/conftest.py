"""What tests of training share: a run of seconds."""

from collections.abc import Callable

import pytest

from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.training.imitation import Settings
from pkan_control.training.imitation_run import Extras, imitate
from pkan_control.training.recipe import Recipe, untrained
from pkan_control.training.trainable import Trainable

SHORT = Settings(
    rounds=2,
    expert_flights=8,
    flights=4,
    flight_s=0.4,
    steps=60,
    chips=2,
    batch=32,
    pairs=8,
    warm_up=5,
)
RECIPE = Recipe((4,), 2, settings=SHORT)


@pytest.fixture(scope='session')
def short_recipe() -> Recipe:
    return RECIPE


@pytest.fixture
def train_short() -> Callable[..., tuple[Trainable, list[float], list[bytes]]]:
    """Return what trains for a moment: the network, the losses, and its parameters as bytes."""

    def train(extras=None, report=lambda done: None, device='bandpass'):
        network = untrained(drone_hover, RECIPE, device, 0)
        losses = imitate(drone_hover, network, SHORT, 0, report, extras or Extras())
        return network, losses, [p.detach().numpy().tobytes() for p in network.parameters()]

    return train
