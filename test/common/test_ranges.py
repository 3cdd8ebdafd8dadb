"""Ranges in the annotations of a dataclass, and their ends."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from pkan_control.common.errors import UserError
from pkan_control.common.ranges import (
    Finite,
    NonNegative,
    Positive,
    Share,
    Time,
    Vector,
    check_fields,
)


@dataclass
class Body:
    """One field of each range."""

    finite: Finite = 0.0
    positive: Positive = 1.0
    non_negative: NonNegative = 0.0
    share: Share = 0.5
    time: Time = 0.0
    vector: Vector = (0.0, 0.0, 0.0)
    optional: Positive | None = None
    several: tuple[Positive, ...] = ()
    named: Mapping[str, Share] = field(default_factory=dict)
    plain: float = math.nan

    def __post_init__(self) -> None:
        check_fields(self)


@pytest.mark.parametrize(
    'fields',
    [
        {'finite': -1e308},
        {'positive': 5e-324},
        {'non_negative': 1.7976931348623157e308},
        {'share': 0},
        {'share': 1},
        {'time': math.inf},
        {'optional': 1.0},
        {'several': (1.0,) * 9},
        {'named': {'a': 0.0, 'b': 1.0}},
    ],
    ids=str,
)
def test_what_is_in_range_is_kept(fields):
    body = Body(**fields)
    assert all(getattr(body, name) == value for name, value in fields.items())


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        ({'finite': math.inf}, 'finite: must be finite, not inf'),
        ({'finite': math.nan}, 'finite: must be finite, not nan'),
        ({'positive': 0.0}, 'positive: must be positive and finite, not 0.0'),
        ({'positive': math.inf}, 'positive: must be positive and finite, not inf'),
        ({'non_negative': -5e-324}, 'non_negative: must be 0 or more and finite, not -5e-324'),
        ({'non_negative': math.inf}, 'non_negative: must be 0 or more and finite, not inf'),
        ({'share': 1.0000000000000002}, 'share: must be from 0 to 1, not 1.0000000000000002'),
        ({'time': math.nan}, 'time: must be 0 or more, not nan'),
        ({'vector': (0.0, 0.0)}, 'vector: must have 3 values, not 2'),
        ({'vector': (0.0, 0.0, math.nan)}, 'vector[2]: must be finite, not nan'),
        ({'optional': -1.0}, 'optional: must be positive and finite, not -1.0'),
        ({'several': (1.0, 0.0)}, 'several[1]: must be positive and finite, not 0.0'),
        ({'named': {'a': 2.0}}, "named['a']: must be from 0 to 1, not 2.0"),
    ],
    ids=str,
)
def test_what_is_out_of_range_is_refused_by_name(fields, message):
    with pytest.raises(UserError) as refused:
        Body(**fields)
    assert str(refused.value) == message
