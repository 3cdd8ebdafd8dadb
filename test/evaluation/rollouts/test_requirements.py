"""Requirements on figures: what is understood, what holds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.requirements import Requirement, check, parse_requirements

FIGURES = {'success_rate': 0.98, 'final_error_m': {'median': 0.01, 'p95': None}, 'hash': 'x'}


def test_a_list_of_requirements_is_read():
    found = parse_requirements('success_rate>=0.99, final_error_m.p95 < 2e-2')
    assert found == [
        Requirement('success_rate', '>=', 0.99),
        Requirement('final_error_m.p95', '<', 0.02),
    ]
    assert list(map(str, found)) == ['success_rate>=0.99', 'final_error_m.p95<0.02']


@pytest.mark.parametrize(
    ('text', 'passed', 'found'),
    [
        ('success_rate>=0.98', True, '0.98'),
        ('success_rate>0.98', False, '0.98'),
        ('success_rate<=0.98', True, '0.98'),
        ('success_rate<0.98', False, '0.98'),
        ('final_error_m.median<0.02', True, '0.01'),
        ('final_error_m.p95<1e9', False, 'never'),
        ('final_error_m.p95>0', False, 'never'),
    ],
)
def test_a_requirement_holds_or_not(text, passed, found):
    (requirement,) = parse_requirements(text)
    verdict = check(requirement, FIGURES)
    assert (verdict.passed, verdict.found) == (passed, found)


@pytest.mark.parametrize('name', ['speed', 'hash', 'final_error_m', 'success_rate.median'])
def test_a_figure_that_is_none_is_named_with_those_that_are(name):
    with pytest.raises(UserError) as refused:
        check(Requirement(name, '>', 0.0), FIGURES)
    assert repr(name) in str(refused.value)
    assert 'final_error_m.median' in str(refused.value)


@given(st.text())
def test_any_text_is_requirements_or_one_line(text):
    said = ''
    try:
        assert parse_requirements(text)
    except UserError as error:
        said = str(error)
    assert '\n' not in said


@given(
    st.lists(
        st.builds(
            Requirement,
            st.from_regex(r'[a-z_]+(\.[a-z0-9]+)?', fullmatch=True),
            st.sampled_from(['>=', '<=', '>', '<']),
            st.floats(-1e6, 1e6).map(lambda value: float(f'{value:g}')),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read_back(requirements):
    assert parse_requirements(','.join(map(str, requirements))) == requirements
