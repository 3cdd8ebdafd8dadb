"""Scenario files: what they may say, what is refused, and what ships."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.common.yaml_files import MAX_BYTES
from pkan_control.sim.effects import Disturbance
from pkan_control.sim.scenarios import load_scenario, scenario_from, shipped
from pkan_control.sim.world import effects_by_robot

EFFECTS = effects_by_robot()
KEYS = st.text(max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(KEYS, some, max_size=3),
    max_leaves=8,
)
NAMES = [(robot, name) for robot, effects in EFFECTS.items() for name in effects]


def windy(**changes):
    return scenario_from('windy', {'text': 'A wind.', 'drone': {'wind_n': [1, 0, -2]}, **changes})


def test_an_effect_holds_for_the_whole_episode_or_for_some_time():
    effects = windy(drone={'mass': 1.2, 'thrust': {'value': 0.8, 'from_s': 1, 'to_s': 2}})
    mass, thrust = (effects.effects('drone')[name] for name in ('mass', 'thrust'))
    assert mass == Disturbance((1.2,), 0.0, math.inf)
    assert [thrust.acts(time) for time in (0.99, 1.0, 1.99, 2.0)] == [False, True, True, False]


def test_a_scenario_of_another_robot_is_refused(refused):
    assert windy().effects('drone')['wind_n'].value == (1.0, 0.0, -2.0)
    with refused('windy', 'submarine', 'drone'):
        windy().effects('submarine')


def test_a_scenario_of_chips_alone_holds_for_every_robot():
    scenario = scenario_from('bad', {'text': 'A bad chip.', 'chip': {'preset': 'bad', 'x': 0.5}})
    assert dict(scenario.effects('submarine')) == {}
    assert scenario.chip == {'preset': 'bad', 'x': '0.5'}


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'text': 7}, ['windy', 'text: must be text, not 7']),
        ({'drones': {}}, ["'drones'", 'drone', 'chip']),
        ({'drone': []}, ['drone: must be a mapping of mass, payload_kg']),
        ({'drone': {'wind': 1}}, ["'wind'", 'wind_n']),
        ({'drone': {'wind_n': 1}}, ['wind_n', '3 number(s) in N']),
        ({'drone': {'mass': [1, 1]}}, ['mass', '1 number(s)']),
        ({'drone': {'mass': True}}, ['mass', 'True']),
        ({'drone': {'mass': 4}}, ['drone.mass: must be from 0.3 to 3, not 4']),
        ({'drone': {'mass': math.nan}}, ['drone.mass.value: must be a number, not nan']),
        (
            {'drone': {'mass': {'value': 1, 'until': 2}}},
            ["drone.mass: unknown key 'until': allowed are value, from_s, to_s"],
        ),
        ({'drone': {'mass': {'from_s': 2}}}, ['drone.mass.value: is missing']),
        (
            {'drone': {'mass': {'value': 1, 'from_s': 2, 'to_s': 2}}},
            ['drone.mass.to_s: 2 s is not after from_s, 2 s'],
        ),
        (
            {'drone': {'mass': {'value': 1, 'from_s': math.nan}}},
            ['drone.mass.from_s: must be a number, not nan'],
        ),
        ({'chip': 'bad'}, ["chip: must be a mapping, not 'bad'"]),
        ({'chip': {'preset': [1]}}, ["chip['preset']: must be text or a number, not [1]"]),
        ({'chip': {'seed': True}}, ["chip['seed']: must be text or a number, not True"]),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(refused, changes, words):
    with refused(*words):
        windy(**changes)


@pytest.mark.slow
@given(JSON, st.sampled_from(NAMES))
def test_anything_else_is_refused_in_one_line(content, name):
    robot, effect = name
    section = {effect: content}
    for values in (content, {'text': 'x', robot: content}, {'text': 'x', robot: section}):
        try:
            line = scenario_from('x', values).name
        except UserError as error:
            line = str(error)
        assert '\n' not in line


@given(st.data(), st.sampled_from(NAMES))
def test_every_number_in_range_is_kept(data, name):
    robot, name = name
    effect = EFFECTS[robot][name]
    numbers = st.floats(effect.low, effect.high)
    value = data.draw(st.lists(numbers, min_size=effect.size, max_size=effect.size))
    text = yaml.safe_dump({'text': 'x', robot: {name: value}})
    scenario = scenario_from('x', yaml.safe_load(text))
    assert scenario.effects(robot)[name].value == tuple(value)


def test_files(tmp_path, refused):
    path = tmp_path / 'storm.yaml'
    path.write_text('text: A storm.\ndrone: {wind_n: [0.5, 0, 0]}\n')
    assert load_scenario(str(path)).name == 'storm'
    for content, words in (
        ('text: [', 'line 1: expected the node content'),
        ('!!python/object:os.system {}', 'line 1: tags are not allowed'),
        ('[' * 20000, 'nested too deeply'),
        ('#' * (MAX_BYTES + 1), str(MAX_BYTES)),
    ):
        path.write_text(content)
        with refused(str(path), words):
            load_scenario(str(path))
    path.write_bytes(b'\xff\xfe\xff')
    with refused(str(path), 'not YAML'):
        load_scenario(str(path))
    with refused('gone.yaml', 'No such file'):
        load_scenario(str(tmp_path / 'gone.yaml'))
    with refused("'breeze'", 'calm', 'wind'):
        load_scenario('breeze')


def test_what_ships_is_sound():
    assert {'calm', 'wind'} <= set(shipped())
    for name in shipped():
        scenario = load_scenario(name)
        assert (scenario.name, scenario.text[-1]) == (name, '.')
