"""Flights of the expert in noisy air, and their recordings."""

import pytest

from pkan_control.evaluation.bags.writer import BagWriter
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.task import find_task


@pytest.fixture(scope='session')
def plan():
    """Return five flights of hover, with noisy sensors."""
    return Plan(find_task('drone_hover'), 5, 3, load_scenario('noisy'))


@pytest.fixture(scope='session')
def records(plan):
    """Return the records of the expert."""
    return run_expert(plan, lambda done: None)


@pytest.fixture(scope='session')
def recorded(plan, records, tmp_path_factory):
    """Return the folder with the recordings."""
    folder = tmp_path_factory.mktemp('bags')
    for record in records:
        BagWriter(folder).add(plan, record)
    return folder
