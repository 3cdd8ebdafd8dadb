"""Stamps and the bookkeeping of one episode."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.evaluation.rollouts.episode import Episode, stamp_ns
from pkan_control.sim.effects import Disturbance


def test_stamps_come_from_the_integer_step():
    assert [stamp_ns(step, 50.0) for step in (0, 1, 299)] == [20_000_000, 40_000_000, 6 * 10**9]
    assert stamp_ns(2, 3.0) == 10**9


@given(st.floats(1, 1e4), st.integers(0, 10**6))
def test_stamps_grow_and_are_never_zero(rate, step):
    assert 0 < stamp_ns(step, rate) < stamp_ns(step + 1, rate)


def test_an_episode_starts_where_its_numbers_say(task, world):
    episode = Episode(task, world, seed=3, number=5)
    np.testing.assert_array_equal(episode.state, task.start(3, 5))
    np.testing.assert_array_equal(episode.goal, task.goal(3, 5, 0))
    assert (episode.step, episode.time_ns, episode.done) == (0, 20_000_000, False)


def test_it_ends_after_all_steps_and_keeps_everything(task, world):
    episode = Episode(task, world, 0, 1)
    for step in range(task.steps):
        assert not episode.done
        episode.advance(np.full(4, float(step)), took_ns=step)
        assert episode.time_ns == stamp_ns(step + 1, 50.0)
    assert episode.done
    record = episode.record(wall_s=1.5)
    assert record.states.shape == (task.steps + 1, 13)
    assert record.goals.shape == (task.steps + 1, 3)
    np.testing.assert_array_equal(record.commands[:, 0], np.arange(task.steps))
    np.testing.assert_array_equal(record.took_ns, np.arange(task.steps))
    assert (record.seed, record.number, record.wall_s) == (0, 1, 1.5)
    assert record.score == task.score(record.states, record.goals)


def test_a_record_can_be_taken_while_it_runs(task, world):
    episode = Episode(task, world, 0, 0)
    episode.advance(np.zeros(4), 0)
    assert len(episode.record(1.0).states) == 2
    assert episode.step == 1
    with pytest.raises(AttributeError):
        episode.done = True


@pytest.mark.parametrize(('delay', 'late'), [(0.0, 0), (0.009, 0), (0.02, 1), (0.06, 3)])
def test_a_delayed_command_arrives_whole_periods_late(task, world, delay, late):
    episode = Episode(task, world, 0, 0, {'delay_s': Disturbance((delay,))})
    for step in range(6):
        episode.advance(np.full(4, float(step)), 0)
    arrived = [command[0] for command in world.commands]
    assert arrived == [max(step - late, 0) for step in range(6)]
    np.testing.assert_array_equal(episode.record(1.0).commands[:, 0], np.arange(6))


def test_what_is_seen_is_noisy_and_what_is_judged_is_true(task, world):
    episode = Episode(task, world, 0, 0, {'position_noise_m': Disturbance((0.1,))})
    episode.advance(np.zeros(4), 0)
    assert (episode.seen[:3] != episode.state[:3]).all()
    np.testing.assert_array_equal(episode.seen[3:], episode.state[3:])
    np.testing.assert_array_equal(episode.record(1.0).states[1], world.state)
