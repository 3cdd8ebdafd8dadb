"""Episodes that are flown at once go as those of a rollout do."""

import pytest

from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.rollout import (
    Plan,
    run_batched,
    run_controller,
    runs_batched,
)
from pkan_control.tasks.cartpole import cartpole
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.tasks.solar_mppt import solar_mppt


@pytest.mark.parametrize('task', [cartpole, solar_mppt], ids=lambda task: task.name)
def test_scores_are_those_of_a_rollout(task, make_program):
    shape = (len(task.law.observation), 2, 1)
    controller_file = ControllerFile(task.name, task.law, task.rate_hz, make_program(shape, 2))
    records = run_controller(Plan(task, 3, 5), controller_file, 'ideal:', 1, lambda done: None)
    together = run_batched(task, controller_file.policy.evaluate, 5, 3)
    for record, score in zip(records, together, strict=True):
        assert record.score.success == score.success
        assert score.figures == pytest.approx(record.score.figures, rel=1e-6)


def test_a_drone_flies_alone():
    assert runs_batched(cartpole)
    assert not runs_batched(drone_hover)
