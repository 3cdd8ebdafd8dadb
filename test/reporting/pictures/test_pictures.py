"""Pictures are written, of the right size, and show something."""

from itertools import pairwise

import numpy as np
import pytest
from drives import draw_drives
from PIL import Image

from pkan_control.chips.calibration.calibrate import calibrate
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.uri import open_chip
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.reporting.pictures.calibration import draw_calibration
from pkan_control.reporting.pictures.edges import draw_edges, edge_curves
from pkan_control.reporting.pictures.trajectories import draw_trajectories
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.tasks.task import Score

GOAL = np.array([0, 0, 1.5])


def flight(success: bool) -> EpisodeRecord:
    states = np.zeros((51, 13))
    states[:, 6], states[:, 2] = 1, 1.5
    states[:, 0] = np.geomspace(1, 0.001, 51) if success else np.linspace(1, 5, 51)
    score = Score(success, {'final_error_m': 0.01, 'settling_time_s': 0.5})
    return EpisodeRecord(
        'drone_hover', 0, 0, 50.0, states, np.tile(GOAL, (51, 1)), np.zeros((50, 4)),
        np.ones(50, dtype=int), 1.0, score,
    )  # fmt: skip


def colours(path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == 'PNG'
        return np.asarray(image.convert('RGB'))


@pytest.mark.slow
def test_flights_are_drawn_green_where_they_succeed_and_red_where_not(tmp_path):
    pictures = {}
    for success in (True, False):
        path = tmp_path / 'made' / f'{success}.png'
        draw_trajectories(path, drone_hover, [flight(success)] * 2, 'two flights')
        pixels = colours(path)
        assert pixels.shape == (676, 1560, 3)
        assert 1000 < np.count_nonzero((pixels != 255).any(axis=2)) < pixels.shape[0] * 1560 / 2
        red, green = (pixels[..., i].astype(int) for i in (0, 1))
        pictures[success] = (np.sum(green - red > 60), np.sum(red - green > 60))
    assert pictures[True][0] > 500 > 50 > pictures[True][1]
    assert pictures[False][1] > 500 > 50 > pictures[False][0]


@pytest.mark.slow
def test_the_same_flights_make_the_same_file(tmp_path):
    one, other = tmp_path / 'one.png', tmp_path / 'other.png'
    for path in (one, other):
        draw_trajectories(path, drone_hover, [flight(True)], 'one flight')
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize('shape', [(2, 1), (3, 4, 2)])
def test_every_edge_is_drawn(tmp_path, make_program, shape):
    path = tmp_path / 'edges.png'
    program = make_program(shape)
    draw_edges(
        path, program, [f'in_{i}' for i in range(shape[0])], [f'o{i}' for i in range(shape[-1])]
    )
    pixels = colours(path)
    assert pixels.shape[1] == 1430
    assert pixels.shape[0] == int(130 * (0.5 * sum(shape[1:]) + 2.2))
    edges = sum(a * b for a, b in pairwise(shape))
    assert np.count_nonzero((pixels != 255).any(axis=2)) > 1000 * edges


def test_curves_are_those_of_the_network(make_program, by_hand):
    program = make_program((2, 3))
    curves = edge_curves(program, 0)
    both = curves[[0, -1]].sum(axis=1)
    for x, sums in zip((0.0, 1.0), both, strict=True):
        np.testing.assert_allclose(sums, by_hand(program, np.full(2, x)), rtol=1e-9)


@pytest.mark.slow
def test_a_calibration_is_drawn_raw_red_and_calibrated_green(tmp_path, make_program):
    program, chip = make_program((3, 4, 2)), open_chip('sim:?seed=1')
    inputs = np.random.default_rng(0).random((40, 3))
    found = calibrate(chip, program, inputs, '2026-01-01', SweepCache(None, {}), lambda *_: None)
    path = tmp_path / 'calibration.png'
    draw_calibration(path, program, found)
    pixels = colours(path).astype(int)
    assert pixels.shape == (676, 1560, 3)
    assert np.sum(pixels[..., 0] - pixels[..., 1] > 60) > 2000
    assert np.sum(pixels[..., 1] - pixels[..., 0] > 60) > 2000


def test_drives_are_drawn_beside_their_road(tmp_path):
    road = np.stack([np.linspace(0, 5, 50), np.zeros(50)], axis=-1)
    errors = np.tile(np.geomspace(0.1, 0.001, 100), (2, 1))
    way = np.stack([np.linspace(0, 5, 100), errors[0]], axis=-1)
    path = tmp_path / 'drives.png'
    draw_drives(path, road, [(way, errors[0])], {'network': errors}, (0.5, 1.0), 'a drive')
    pixels = colours(path).astype(int)
    assert pixels.shape == (676, 1560, 3)
    assert 1000 < np.count_nonzero((pixels != 255).any(axis=2)) < pixels.shape[0] * 1560 / 2
    assert np.sum(pixels[..., 1] - pixels[..., 0] > 60) > 100
