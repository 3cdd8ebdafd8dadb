"""The tracking task of the arm: circles, paths, score, expert."""

import numpy as np
import pytest

from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.robots.arm import load_arm
from pkan_control.tasks.arm_track import PERIOD_S, RADIUS_M, arm_track
from pkan_control.tasks.options import configured
from pkan_control.tasks.paths import Path


def goals(task, episode: int) -> np.ndarray:
    return np.array([task.goal(0, episode, step) for step in range(task.steps + 1)])


def test_circles_of_ten_centimetres_are_passed_in_four_seconds_in_any_plane():
    normals = []
    for episode in range(5):
        way = goals(arm_track, episode)
        away = way[:, :3] - arm_track.centre
        np.testing.assert_allclose(np.linalg.norm(away, axis=1), RADIUS_M)
        period = round(PERIOD_S * arm_track.rate_hz)
        np.testing.assert_allclose(way[period:], way[:-period], atol=1e-9)
        normal = np.cross(away[0], away[period // 4]) / RADIUS_M**2
        np.testing.assert_allclose(away @ normal, 0, atol=1e-12)
        middle = (way[2:, :3] - way[:-2, :3]) * arm_track.rate_hz / 2
        np.testing.assert_allclose(middle, way[1:-1, 3:], atol=2e-4)
        normals.append(normal)
    assert np.abs(np.array(normals) @ normals[0])[1:].max() < 0.99


def test_training_goals_move_as_they_say():
    way = arm_track.training_goals(np.random.default_rng(0), 20, 60)
    middle = (way[2:, :, :3] - way[:-2, :, :3]) * arm_track.rate_hz / 2
    np.testing.assert_allclose(middle, way[1:-1, :, 3:], atol=1e-3)


@pytest.mark.parametrize('name', ['panda', 'xarm6'])
def test_the_expert_follows_within_a_millimetre(name):
    task = arm_track.with_arm(load_arm(name))
    records = run_expert(Plan(task, 2), lambda done: None)
    assert all(record.score.success for record in records)
    assert max(record.score.figures['tool_rms_m'] for record in records) < 0.001


def test_a_path_is_followed_in_the_base_frame():
    path = Path('figure_of_eight', 0.15, 0.1, (0.4, 0.1, 0.4))
    task = configured('arm_track', law=arm_track.law).with_path(path)
    np.testing.assert_allclose(goals(task, 0)[:, :3].mean(axis=0), path.centre_m, atol=0.1)
    record = run_expert(Plan(task, 1), lambda done: None)[0]
    assert record.score.success


def test_the_score_is_the_root_of_the_mean_square_after_catching_up():
    states = np.tile(arm_track.start(0, 0), (361, 1))
    way = np.tile([*arm_track.position(states[0]), 0, 0, 0], (361, 1))
    way[:120, :3] += 1.0
    way[120:, 0] += np.where(np.arange(241) % 2, 0.003, 0.004)
    score = arm_track.score(states, way)
    assert score.figures['tool_rms_m'] == pytest.approx(np.sqrt(12.5) / 1e3, rel=1e-2)
    assert score.figures['worst_error_m'] == pytest.approx(0.004)
    assert score.success
    assert not arm_track.score(states, way + np.eye(6)[1] * 0.006).success
