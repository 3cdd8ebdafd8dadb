"""Plans of the fault proxy: what a file says, and one line for every mistake in it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.boards.emulator.fault_plans import FaultPlan, FrameFault, Outage, load_plans
from pkan_control.common.errors import UserError

PLAN = """
seed: 7
to_board:
  rates: {flip: 0.02, drop: 0.01}
  script: {100: merge}
  baud: 115200
to_host:
  delay_s: 0.05
  outages:
    - {begin_s: 10, end_s: 10.5}
    - {begin_s: 20, end_s: 20.1, stalled: true}
pulled:
  - {begin_s: 30, end_s: 31}
"""


@pytest.fixture
def load(tmp_path):
    def load(text: str):
        path = tmp_path / 'plan.yaml'
        path.write_text(text)
        return load_plans(path)

    return load


def test_a_plan_is_read_as_it_stands(load):
    plans = load(PLAN)
    rates = {FrameFault.FLIP: 0.02, FrameFault.DROP: 0.01}
    assert plans.seed == 7
    assert plans.to_board == FaultPlan(rates, {100: FrameFault.MERGE}, baud=115200)
    assert plans.pulled == (Outage(30.0, 31.0),)
    outages = (Outage(10.0, 10.5), Outage(20.0, 20.1, True))
    assert plans.to_host == FaultPlan({}, {}, 0.05, outages)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('7', 'must be a mapping of seed, to_board, to_host, pulled, not 7'),
        ('seed: -1', 'seed: -1 must be from 0'),
        ('seed: 1.5', 'seed: must be a whole number, not 1.5'),
        ('up: {}', "unknown key 'up': allowed are seed, to_board, to_host, pulled"),
        ('to_board: 5', 'to_board: must be a mapping of rates, script,'),
        ('to_board: {speed: 1}', "to_board: unknown key 'speed': allowed are rates,"),
        ('to_board: {seed: 1}', "to_board: unknown key 'seed'"),
        ('to_board: {rates: {melt: 0.1}}', 'must be one of drop, duplicate, insert,'),
        ('to_board: {rates: {melt: 0.1}}', "not 'melt'"),
        ('to_board: {rates: {drop: 1.5}}', "to_board.rates['drop']: must be from 0 to 1, not 1.5"),
        ('to_board: {rates: {drop: 0.6, flip: 0.6}}', 'rates: [0.6, 0.6] must be 1 at most'),
        ('to_board: {rates: {drop: .nan}}', "rates['drop']: must be a number, not nan"),
        ('to_board: {script: {a: drop}}', "must be a whole number, not 'a'"),
        ('to_board: {script: {-1: drop}}', 'script: frame -1 must be 0 or more'),
        ('to_host: {outages: {}}', 'to_host.outages: must be a list, not {}'),
        ('to_host: {outages: [{begin_s: 1}]}', 'to_host.outages[0].end_s: is missing'),
        ('to_host: {outages: [{begin_s: 2, end_s: 1}]}', 'end_s: 1.0 s is not after begin_s'),
        (
            'to_host: {outages: [{begin_s: 1, end_s: 2, stalled: 3}]}',
            'to_host.outages[0].stalled: must be true or false, not 3',
        ),
        ('to_host: {baud: -1}', 'to_host.baud: must be 0 or more and finite, not -1.0'),
        ('pulled: {}', 'pulled: must be a list, not {}'),
        ('pulled: [{begin_s: 2, end_s: 1}]', 'pulled[0].end_s: 1.0 s is not after'),
        ('pulled: [{begin_s: 1, end_s: 2, stalled: true}]', 'cannot be stalled'),
    ],
    ids=str,
)
def test_a_mistake_is_one_line_that_names_it(load, text, words):
    with pytest.raises(UserError) as refused:
        load(text)
    assert words in str(refused.value)
    assert '\n' not in str(refused.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match=r'must be a .yaml file'):
        load_plans(tmp_path / 'plan.json')
    with pytest.raises(UserError, match='No such file'):
        load_plans(tmp_path / 'plan.yaml')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ['seed', 'to_board', 'to_host', 'pulled', 'rates', 'script', 'outages', 'drop', 3]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(JSON)
def test_whatever_a_file_holds_it_is_a_plan_or_one_line(tmp_path_factory, values):
    path = tmp_path_factory.mktemp('plans') / 'plan.yaml'
    path.write_text(yaml.safe_dump(values))
    said = ''
    try:
        assert load_plans(path).seed >= 0
    except UserError as error:
        said = str(error)
    assert '\n' not in said
