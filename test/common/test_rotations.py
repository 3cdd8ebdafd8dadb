"""Rotations against those of SciPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.transform import Rotation

from pkan_control.common.rotations import cross, matrix, norm, shorten, to_body, to_world, turn

VECTORS = arrays.arrays(np.float64, (3,), elements=st.floats(-10, 10))
QUATERNIONS = (
    arrays.arrays(np.float64, (4,), elements=st.floats(-1, 1))
    .filter(lambda q: np.linalg.norm(q) > 0.1)
    .map(lambda q: q / np.linalg.norm(q))
)


def same_turn(a: np.ndarray, b: np.ndarray) -> None:
    assert abs(a @ b) == pytest.approx(1, abs=1e-12)


def test_a_quarter_turn_to_the_left_brings_forward_to_left():
    left = np.array([0, 0, np.sin(np.pi / 4), np.cos(np.pi / 4)])
    forward, y = np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
    np.testing.assert_allclose(to_world(matrix(left), forward), y, atol=1e-15)
    np.testing.assert_allclose(to_body(matrix(left), y), forward, atol=1e-15)
    same_turn(turn(np.array([0.0, 0, 0, 1]), np.array([0, 0, np.pi / 2])), left)


@given(QUATERNIONS, VECTORS)
def test_matrix_and_turned_vectors(q, v):
    rotation = Rotation.from_quat(q)
    np.testing.assert_allclose(matrix(q), rotation.as_matrix(), atol=1e-14)
    np.testing.assert_allclose(to_world(matrix(q), v), rotation.apply(v), atol=1e-13)
    np.testing.assert_allclose(to_body(matrix(q), v), rotation.inv().apply(v), atol=1e-13)


@given(QUATERNIONS, VECTORS)
def test_turns_are_about_world_axes(q, angle):
    expected = (Rotation.from_rotvec(angle) * Rotation.from_quat(q)).as_quat()
    turned = turn(q, angle)
    same_turn(turned, expected)
    assert np.linalg.norm(turned) == pytest.approx(1, abs=1e-15)


@given(QUATERNIONS, VECTORS)
def test_turning_back_restores(q, angle):
    same_turn(turn(turn(q, angle), -angle), q)


@pytest.mark.parametrize('size', [0.0, 1e-300, 1e-12, 1.9e-9, 2.1e-9, 1e-6])
def test_tiny_turns_are_turns(size):
    turned = turn(np.array([0.0, 0, 0, 1]), np.array([0, size, 0]))
    np.testing.assert_allclose(turned, [0, size / 2, 0, 1], rtol=1e-9, atol=1e-15 * size)


@given(VECTORS, VECTORS)
def test_cross_product(a, b):
    np.testing.assert_allclose(cross(a, b), np.cross(a, b), atol=1e-12)


@given(VECTORS, st.floats(0.1, 5))
def test_shortened_vectors_keep_their_direction(v, limit):
    short, length = shorten(v, limit), np.linalg.norm(v)
    assert np.linalg.norm(short) == pytest.approx(min(length, limit), rel=1e-12)
    np.testing.assert_allclose(short * max(length, limit), v * limit, atol=1e-12)


def test_batches_and_torch_compute_the_same():
    draw = np.random.default_rng(0)
    v, w, q = (draw.normal(size=(6, 2, size)) for size in (3, 3, 4))
    q /= norm(q)
    m = matrix(q)
    calls = [
        (matrix, q),
        (to_world, m, v),
        (to_body, m, v),
        (cross, v, w),
        (norm, v),
        (turn, q, v),
    ]
    for function, *inputs in calls:
        batch = function(*inputs)
        tensor = function(*map(torch.from_numpy, inputs)).numpy()
        np.testing.assert_allclose(tensor, batch, atol=1e-14)
        single = function(*(array[3, 1] for array in inputs))
        np.testing.assert_allclose(single, batch[3, 1], atol=1e-14)
    np.testing.assert_allclose(shorten(torch.from_numpy(v), 0.5).numpy(), shorten(v, 0.5))


@given(arrays.arrays(np.float64, (1, 4), elements=st.floats(-1e6, 1e6)))
def test_one_vector_is_computed_as_in_a_batch_to_the_last_bit(batch):
    (single,) = batch
    for function in (matrix, norm, lambda v: shorten(v, 0.7)):
        assert function(single).tobytes() == function(batch)[0].tobytes()
