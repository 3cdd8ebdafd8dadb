"""Requirements on figures: what is understood, what holds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.requirements import (
    Requirement,
    Verdict,
    check,
    decide,
    parse_requirements,
    write_junit,
)

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


@pytest.mark.parametrize('text', ['', 'success_rate', 'success_rate=1', '>=1', 'a>=one', 'a>=nan'])
def test_a_text_that_is_no_requirement_is_refused(text):
    with pytest.raises(UserError) as refused:
        parse_requirements(f'success_rate>=0.99,{text}')
    assert str(refused.value) == (
        f'requirement {text!r}: write FIGURE>=NUMBER, with one of >= <= > <'
    )


def test_a_verdict_names_its_requirement_and_six_digits_of_what_was_found():
    verdict = check(Requirement('error.rms', '<', 0.5), {'error': {'rms': 1 / 3}})
    assert verdict == Verdict('error.rms<0.5', True, '0.333333')
    assert check(Requirement('n', '>', 3), {'n': 4}) == Verdict('n>3', True, '4')


def test_allowed_figures_are_all_numbers_at_any_depth():
    """A truth value and a text are none; a figure that never came is one."""
    figures = {'b': 2, 'a': {'c': {'d': 1.5, 'e': None}, 'f': True}, 'g': 'x', 'h': False}
    for path in ('a.f', 'h', 'g', 'a', 'a.c', 'b.x', 'z', 'a.c.d.q'):
        with pytest.raises(UserError) as refused:
            check(Requirement(path, '>', 0.0), figures)
        assert str(refused.value) == f"unknown figure '{path}': allowed are a.c.d, a.c.e, b"
    assert check(Requirement('a.c.d', '>', 0.0), figures).passed


def test_each_scenario_is_decided_by_requirements_and_then_by_comparison():
    figures = {'calm': {'success_rate': 1.0}, 'gusts': {'success_rate': 0.9}}
    compared = []

    def against(name, found):
        compared.append((name, found))
        return [Verdict(f'no regression of {name}', True, '')]

    verdicts = decide(figures, parse_requirements('success_rate>=0.95,success_rate>0'), against)
    assert compared == list(figures.items())
    assert verdicts == {
        'calm': [
            Verdict('success_rate>=0.95', True, '1'),
            Verdict('success_rate>0', True, '1'),
            Verdict('no regression of calm', True, ''),
        ],
        'gusts': [
            Verdict('success_rate>=0.95', False, '0.9'),
            Verdict('success_rate>0', True, '0.9'),
            Verdict('no regression of gusts', True, ''),
        ],
    }


JUNIT = """<?xml version='1.0' encoding='utf-8'?>
<testsuites name="pkan rollout">
  <testsuite name="calm" tests="2" failures="0">
    <testcase name="success_rate&gt;=0.95" classname="calm" />
    <testcase name="no regression" classname="calm" />
  </testsuite>
  <testsuite name="gusts" tests="1" failures="1">
    <testcase name="success_rate&gt;=0.95" classname="gusts">
      <failure message="0.9" />
    </testcase>
  </testsuite>
</testsuites>
"""


def test_verdicts_as_junit_are_suites_and_cases(tmp_path):
    path = tmp_path / 'results' / 'junit.xml'
    bound = 'success_rate>=0.95'
    calm = [Verdict(bound, True, '1'), Verdict('no regression', True, '')]
    write_junit(path, {'calm': calm, 'gusts': [Verdict(bound, False, '0.9')]})
    assert path.read_text() == JUNIT
