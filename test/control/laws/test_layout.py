"""Layouts: slices that follow from the order of fields, and replacement of fields by name."""

import doctest

import numpy as np
import pytest
import torch

from pkan_control.control.laws import layout
from pkan_control.control.laws.layout import Field, Layout, Span


class Tool(Layout):
    """A pose and a gripper."""

    position = Field(3)
    yaw = Field(1)
    pose = Span(position, yaw)
    opening = Field(1)


class Joints(Layout):
    """As many joints as an arm has."""

    opening = Field(1)
    velocities = Field()


VALUES = np.arange(10.0).reshape(2, 5)


def test_the_example_of_the_class_runs():
    found = doctest.testmod(layout, extraglobs={'np': np})
    assert (found.failed, found.attempted > 0) == (0, True)


def test_fields_follow_each_other_and_a_span_covers_its_own():
    assert (Tool.position, Tool.yaw, Tool.opening) == (slice(0, 3), slice(3, 4), slice(4, 5))
    assert (Tool.pose, Tool.size) == (slice(0, 4), 5)
    assert (Joints.velocities, Joints.size) == (slice(1, None), 1)


@pytest.mark.parametrize(
    ('names', 'columns'),
    [
        (['position'], [0, 1, 2]),
        (['yaw'], [3]),
        (['opening'], [4]),
        (['opening', 'position'], [4, 0, 1, 2]),
        (['pose'], [0, 1, 2, 3]),
        (['opening', 'pose'], [4, 0, 1, 2, 3]),
        ([], []),
    ],
)
@pytest.mark.parametrize('asarray', [np.asarray, torch.asarray])
def test_named_fields_are_replaced_and_the_others_kept(names, columns, asarray):
    new = -1 - VALUES
    found = Tool.replace(
        asarray(VALUES), **{n: asarray(new[..., getattr(Tool, n)]) for n in names}
    )
    wanted = VALUES.copy()
    wanted[:, columns] = new[:, columns]
    np.testing.assert_array_equal(np.asarray(found), wanted)


def test_the_last_field_may_take_the_rest_of_the_axis():
    values = np.arange(4.0)
    one = Joints.replace(values, opening=np.array([9.0]))
    np.testing.assert_array_equal(one, [9, 1, 2, 3])
    rest = Joints.replace(values, velocities=np.array([7.0, 8.0, 9.0]))
    np.testing.assert_array_equal(rest, [0, 7, 8, 9])


def test_nothing_follows_the_rest_of_the_axis():
    with pytest.raises((TypeError, RuntimeError)) as caught:

        class Wrong(Layout):
            rest = Field()
            late = Field(1)

    texts = (str(caught.value), str(caught.value.__cause__))
    assert any('late: follows one that takes the rest' in text for text in texts)


def test_two_values_for_the_same_place_are_refused():
    with pytest.raises(ValueError, match=r'Tool: .* overlaps'):
        Tool.replace(VALUES, pose=VALUES[:, :4], yaw=VALUES[:, :1])
    with pytest.raises(AttributeError, match='roll'):
        Tool.replace(VALUES, roll=VALUES[:, :1])
