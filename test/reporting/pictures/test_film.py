"""A film of a flight can be decoded, and shows the robot fly to its set-point."""

from dataclasses import replace

import av
import numpy as np
import pytest

from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.reporting.pictures import film
from pkan_control.sim.bullet.film import film as filmed
from pkan_control.sim.bullet.film import in_air
from pkan_control.tasks.arm_reach import arm_reach
from pkan_control.tasks.drone_hover import drone_hover


@pytest.fixture(scope='module')
def flight():
    """Return half a second of a flight of the expert's."""
    (record,) = run_expert(Plan(drone_hover, 1, 0), lambda done: None)
    return replace(
        record, states=record.states[:26], goals=record.goals[:26], commands=record.commands[:25]
    )


@pytest.fixture
def small(monkeypatch):
    """Draw no larger than needed."""
    monkeypatch.setattr(film, 'SIZE', (480, 270))
    monkeypatch.setattr(film, 'DRAWN', (480, 270))


def decoded(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format='rgb24').astype(int) for frame in container.decode(video=0)
        ]


def coloured(picture: np.ndarray, channel: int, other: int) -> int:
    """Return how many pixels are clearly of a colour: drone red and blue, set-point green."""
    return int((picture[..., channel] - picture[..., other] > 35).sum())


def test_a_film_has_all_frames_and_shows_drone_set_point_and_motion(flight, tmp_path, small):
    reported = []
    film.draw_film(tmp_path / 'f.mp4', drone_hover, [flight], 'hover', reported.append)
    pictures = decoded(tmp_path / 'f.mp4')
    assert len(pictures) == film.frames_of([flight]) == 13 == reported[-1]
    assert [path.name for path in tmp_path.iterdir()] == ['f.mp4']
    for picture in (pictures[0], pictures[-1]):
        assert coloured(picture, 0, 2) > 10, 'front rotors'
        assert coloured(picture, 2, 0) > 10, 'back rotors'
        assert coloured(picture, 1, 0) > 5, 'set-point'
    assert np.abs(pictures[0] - pictures[-1]).mean() > 1


def test_frames_do_not_depend_on_what_was_filmed_before(flight):
    scene = drone_hover.law, flight.states, flight.goals, 50.0, 10.0, (160, 90)
    one, again = ([picture for _, picture in filmed(*scene)] for _ in range(2))
    assert len(one) == 6
    np.testing.assert_array_equal(one, again)


@pytest.mark.slow
def test_a_film_of_an_arm_shows_its_tool_go_to_the_set_point(tmp_path, small):
    (reach,) = run_expert(Plan(arm_reach, 1, 0), lambda done: None)
    film.draw_film(tmp_path / 'f.mp4', arm_reach, [reach], 'reach', lambda done: None)
    pictures = decoded(tmp_path / 'f.mp4')
    assert len(pictures) == 101
    first, *_, last = pictures
    assert coloured(first, 1, 0) > 5, 'set-point'
    assert coloured(last, 0, 2) > coloured(first, 0, 2) + 10, 'trail'
    assert np.abs(first - last).mean() > 1


def test_far_floor_fades_into_the_sky():
    floor = np.full((2, 1, 3), 10.0)
    near, far = in_air(floor, np.array([[0.5], [0.99999]]), np.zeros((2, 1)))
    sky, _ = in_air(floor, np.array([[0.5], [0.5]]), np.full((2, 1), -1))
    assert near.max() <= 11
    assert far.min() > 200
    assert sky.min() > 150
