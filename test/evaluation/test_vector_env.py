"""Environments in the batched world: equal to single ones, with the same autoreset and seeds."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import pkan_control as pk
from pkan_control.evaluation.gym import TaskEnvironment

MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP]


def actions_for(environments, steps: int) -> np.ndarray:
    draw = np.random.default_rng(0)
    shape = (steps, *environments.action_space.shape)
    return draw.uniform(-1, 1, shape).astype(np.float32)


def run(environments, actions: np.ndarray, seed: int) -> list[list[np.ndarray]]:
    """Return observations, rewards, terminations and truncations of each step, and final ones."""
    observation, _ = environments.reset(seed=seed)
    found = [[observation]]
    for action in actions:
        *results, infos = environments.step(action)
        found.append(
            [*results, *(each for each in infos.get('final_obs', ()) if each is not None)]
        )
    return found


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize(('task', 'steps'), [('cartpole', 60), ('solar_mppt', 60)])
def test_they_are_single_environments_one_beside_the_other(task, steps, mode):
    """Poles fall after some steps, each at another time, and begin their next episodes."""
    ours = pk.vector_env(task, 3, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: TaskEnvironment(task)] * 3, autoreset_mode=mode)
    actions = actions_for(ours, steps)
    ended = 0
    for mine, its in zip(run(ours, actions, 5), run(theirs, actions, 5), strict=True):
        assert len(mine) == len(its)
        for one, other in zip(mine, its, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
        ended += int(mine[2].any()) if len(mine) > 1 else 0
    assert ended or task == 'solar_mppt'
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.single_action_space == theirs.single_action_space
    assert ours.metadata['autoreset_mode'] is mode
    theirs.close()


@pytest.mark.parametrize('scenario', ['calm', 'everything'])
def test_drones_do_what_one_does_in_the_other_world(scenario):
    """Both worlds integrate alike; a floor and collisions are missing in the batched one."""
    ours = pk.vector_env('drone_hover', 2, scenario=scenario)
    theirs = SyncVectorEnv([lambda: TaskEnvironment('drone_hover', scenario)] * 2)
    actions = 0.05 * actions_for(ours, 25)
    for mine, its in zip(run(ours, actions, 1), run(theirs, actions, 1), strict=True):
        np.testing.assert_allclose(mine[0], its[0], atol=2e-3)
    theirs.close()


@pytest.mark.parametrize(
    'task', ['drone_hover', 'drone_track', 'vehicle_track', 'arm_reach', 'arm_track']
)
def test_an_episode_that_begins_anew_leaves_the_others_alone(task):
    """One environment is reset on the way: the other goes on as if nothing had happened."""
    actions = actions_for(pk.vector_env(task, 2), 8) * 0.1
    alone = run(pk.vector_env(task, 2), actions, 3)
    ours = pk.vector_env(task, 2)
    ours.reset(seed=3)
    for number, action in enumerate(actions):
        if number == 4:
            mask = {'reset_mask': np.array([True, False])}
            again, _ = ours.reset(seed=[9, None], options=mask)
            first, _ = pk.vector_env(task, 2).reset(seed=[9, 4])
            np.testing.assert_array_equal(again[0], first[0])
        observation, *_ = ours.step(action)
        np.testing.assert_array_equal(observation[1], alone[number + 1][0][1])
    assert (observation[0] != alone[-1][0][0]).any()


def test_episodes_are_truncated_and_begin_in_the_next_step():
    ours = pk.vector_env('solar_mppt', 2)
    ours.reset(seed=0)
    still = np.zeros((2, 1), dtype=np.float32)
    steps = 0
    while not (results := ours.step(still))[3].all():
        steps += 1
        assert not results[3].any()
    observation, rewards, failed, ended, infos = ours.step(still)
    assert not np.any([failed, ended, rewards])
    assert not infos
    assert ours.observation_space.contains(observation)
    assert steps + 1 == ours._task.steps


def test_without_a_seed_the_stream_goes_on_and_seeds_decide():
    ours = pk.vector_env('drone_hover', 3)
    first = [ours.reset(seed=4)[0], ours.reset()[0]]
    second = [ours.reset(seed=[4, 5, 6])[0], ours.reset()[0]]
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()
    assert (first[0][0] != first[0][1]).any()


def test_disabled_autoreset_refuses_to_go_on():
    ours = pk.vector_env('cartpole', 2, autoreset_mode='Disabled')
    ours.reset(seed=0)
    hard = np.ones((2, 1), dtype=np.float32)
    while not ours.step(hard)[2].any():
        pass
    with pytest.raises(pk.UserError, match='an episode is over'):
        ours.step(hard)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'num_envs': 0}, 'num_envs=0: must be a whole number from 1'),
        (
            {'autoreset_mode': 'never'},
            "unknown autoreset_mode 'never': allowed are Disabled",
        ),
        ({'task': 'arm_reach', 'scenario': 'payload'}, 'batched world has no disturbances'),
        ({'task': 'arm_pick_place'}, 'its batched world lacks a part of the state'),
        ({'task': 'cartpole', 'airframe': 'crazyflie'}, 'not a task of a quadrotor'),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(options, words):
    with pytest.raises(pk.UserError, match=words):
        pk.vector_env(**{'task': 'drone_hover', 'num_envs': 2, **options})


def test_wrong_shapes_are_refused():
    ours = pk.vector_env('cartpole', 2)
    with pytest.raises(pk.UserError, match='no episode has begun'):
        ours.step(np.zeros((2, 1), dtype=np.float32))
    with pytest.raises(pk.UserError, match='reset_mask: must be 2 booleans'):
        ours.reset(options={'reset_mask': np.array([True])})
    with pytest.raises(pk.UserError, match='3 seeds: there are 2 environments'):
        ours.reset(seed=[1, 2, 3])
    ours.reset(seed=0)
    with pytest.raises(pk.UserError, match=r'actions of shape \(3, 1\): must be \(2, 1\)'):
        ours.step(np.zeros((3, 1), dtype=np.float32))
