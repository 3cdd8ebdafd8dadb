"""Recipes: one for each shipped task, the default for others, and the networks that they make."""

from dataclasses import replace

import pytest

from pkan_control.common.registry import Registry
from pkan_control.networks.mlp import MLP
from pkan_control.tasks.task import TASKS, find_task
from pkan_control.training import recipe
from pkan_control.training.recipe import RECIPES, Recipe, find_recipe, untrained

TASK = find_task('drone_hover')


def test_every_shipped_task_has_a_recipe_and_others_get_the_default():
    assert set(RECIPES.names()) >= set(TASKS.names())
    assert find_recipe('drone_track') is recipe.drone
    assert find_recipe('my_robot') == Recipe()


def test_a_registered_object_that_is_no_recipe_is_refused(refused):
    # The group of devices holds objects without a size.
    broken = Registry('pkan_control.devices', 'recipe', Recipe)
    with refused("recipe 'bandpass'", 'has no', 'hidden'):
        broken.find('bandpass')


def test_an_mlp_has_as_many_parameters_as_the_recipe_s_network():
    sizes = {}
    for device in ('bandpass', 'memdiode'):
        own = replace(Recipe(), device=device)
        network = untrained(TASK, own, device, 0).export()
        mlp = untrained(TASK, own, MLP, 0).export()
        sizes[device] = network.parameters, mlp.parameters
    for wanted, found in sizes.values():
        assert found == pytest.approx(wanted, rel=0.05)
    assert sizes['memdiode'][1] > 2 * sizes['bandpass'][1]


def test_an_mlp_may_have_layers_of_its_own():
    own = Recipe(mlp_hidden=(5, 3))
    assert untrained(TASK, own, MLP, 0).export().shape == (12, 5, 3, 4)
    assert untrained(TASK, own, 'bandpass', 0).export().shape == (12, 16, 4)
