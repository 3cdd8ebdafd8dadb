"""Chip URIs: what they open, and the one line that refuses all others."""

from dataclasses import fields
from urllib.parse import parse_qs, parse_qsl, urlencode

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pkan_control.chips import uri as uri_module
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.chips.uri import is_simulated, open_chip, seed_of, with_options, with_seed
from pkan_control.devices.deviations import PRESETS, Deviations, find_deviations

OPTIONS = ['seed', 'preset', 'readout', *(field.name for field in fields(Deviations))]


def answers(chip, program) -> np.ndarray:
    chip.program(program)
    return np.array([chip.evaluate(np.full(3, x), x, 1.0) for x in (0.1, 0.5, 0.9)])


@pytest.fixture(scope='module')
def program(make_program):
    return make_program((3, 4, 2))


@pytest.mark.parametrize('uri', ['ideal:', 'ideal:?', 'IDEAL:'])
def test_ideal_opens_a_chip_without_flaws(uri):
    assert type(open_chip(uri)) is IdealChip


@pytest.mark.parametrize(
    ('uri', 'seed', 'deviations', 'readout'),
    [
        ('sim:', 0, PRESETS['typical'], 'parallel'),
        ('sim:?seed=7&preset=bad', 7, PRESETS['bad'], 'parallel'),
        ('sim:?preset=good&edge_gain=0.1', 0, find_deviations('good', edge_gain=0.1), 'parallel'),
        (
            'sim:?offset=2e-1&readout=multiplexed',
            0,
            find_deviations('typical', offset=0.2),
            'multiplexed',
        ),
        ('sim:?temperature_c=-40', 0, find_deviations('typical', temperature_c=-40), 'parallel'),
    ],
)
def test_simulated_chips_are_those_of_their_options(program, uri, seed, deviations, readout):
    opened, made = open_chip(uri), SimulatedChip(seed, deviations, readout)
    np.testing.assert_array_equal(answers(opened, program), answers(made, program))
    assert opened.identity == made.identity


@given(
    st.integers(0, 2**63 - 1),
    st.sampled_from(sorted(PRESETS)),
    st.dictionaries(
        st.sampled_from(['dead', 'offset', 'read_noise', 'node_noise']), st.floats(0, 1)
    ),
)
def test_valid_options_in_any_order_are_taken(seed, preset, sizes):
    options = {**sizes, 'preset': preset, 'seed': seed}
    assert open_chip('sim:?' + urlencode(options)).identity.uid == f'sim-{seed}'


@pytest.mark.parametrize(
    ('uri', 'words'),
    [
        ('', ("''", 'ideal:', 'sim:')),
        ('sim', ("'sim'", 'sim:')),
        ('simulated:', ("'simulated:'", 'sim:')),
        ('file:///etc/passwd', ('file:///etc/passwd', 'ideal:')),
        ('sim://host', ('sim://host', 'key=value')),
        ('sim:seed=1', ('sim:seed=1', '?key=value')),
        ('sim:?seed=1#a', ('#a', 'key=value')),
        ('sim:?seed', ('sim:?seed', 'key=value')),
        ('sim:?seed=1&&dead=0', ('key=value',)),
        ('sim:?seed=1&seed=2', ('twice',)),
        ('ideal:?seed=1', ('ideal: takes no options',)),
        ('sim:?sed=1', ("'sed'", *OPTIONS)),
        ('sim:?Seed=1', ("'Seed'", 'seed')),
        ('sim:?seed=-1', ('seed=-1', 'whole number from 0')),
        ('sim:?seed=1.5', ('seed=1.5', 'whole number')),
        ('sim:?seed=', ('seed=', 'whole number')),
        ('sim:?seed=²', ('seed=²', 'whole number')),
        ('sim:?seed=9223372036854775808', ('seed=9223372036854775808',)),
        pytest.param('sim:?seed=' + '1' * 5000, ('seed=', 'whole number'), id='5000 digits'),
        ('sim:?preset=worse', ("'worse'", 'bad, good, typical')),
        ('sim:?readout=serial', ("'serial'", 'multiplexed, parallel')),
        ('sim:?dead=many', ('dead=many', 'number')),
        ('sim:?dead=nan', ('dead=nan', '0 to 1')),
        ('sim:?dead=1.1', ('dead=1.1', '0 to 1')),
        ('sim:?corner_tempco=1', ('corner_tempco=1', '-0.01 to 0.01')),
        ('sim://[', ('sim://[',)),
        ('sim:?seed=1%0A2', ('seed=1', 'whole number')),
        ('sim:?dead=0%0A.', ('dead=0', 'number')),
    ],
)
def test_a_wrong_uri_is_refused_in_one_line_that_says_why(refused, uri, words):
    with refused(*words):
        open_chip(uri)


URI = st.builds(
    '{}{}{}'.format,
    st.sampled_from(['sim:', 'ideal:', 'sim:?', 'sim://', 'sim:?seed=', 'sim:?dead=', '']),
    st.text(max_size=12),
    st.sampled_from(['', '&seed=1', '#']),
)


@given(URI)
@example('sim://[')
@example('sim:?seed=1%0A')
def test_any_text_opens_a_chip_or_is_refused_in_one_line(attempt, uri):
    chip, refusal = attempt(open_chip, uri)
    assert refusal.isprintable()
    assert isinstance(chip, IdealChip) != bool(refusal)


@pytest.mark.parametrize('uri', ['sim:', 'sim:?seed=5', 'sim:?preset=bad&edge_gain=0.1'])
def test_another_seed_keeps_the_other_options(program, uri):
    text = uri.replace('seed=5', '').rstrip('?')
    same = f'{text}{"&" if "?" in text else "?"}seed=9'
    moved = open_chip(with_seed(uri, 9))
    np.testing.assert_array_equal(answers(moved, program), answers(open_chip(same), program))


def test_another_seed_keeps_a_number_with_a_plus(program):
    uri = 'sim:?edge_gain=1e%2B0'
    assert open_chip(uri).identity.uid == 'sim-0'
    assert open_chip(with_seed(uri, 9)).identity.uid == 'sim-9'


@pytest.mark.parametrize('uri', ['ideal:', 'serial:///dev/ttyACM0'])
def test_only_simulated_chips_have_seeds(refused, uri):
    with refused(uri, 'sim:'):
        with_seed(uri, 1)


@pytest.mark.parametrize('seed', [0, 7, 2**53 + 1, 2**63 - 1])
def test_the_seed_of_a_uri_is_the_one_opened(seed):
    uri = f'sim:?preset=good&seed={seed}'
    assert seed_of(uri) == seed
    assert open_chip(uri).identity.uid == f'sim-{seed}'


def test_the_seed_is_zero_where_none_is_given():
    assert seed_of('sim:?preset=bad') == 0


@pytest.mark.parametrize('text', ['x', 'nan', 'inf', '1.5', '-1'])
def test_a_seed_that_is_none_is_refused_by_all(refused, text):
    for use in (seed_of, open_chip):
        with refused(f'seed={text}', 'whole number'):
            use(f'sim:?seed={text}')


@pytest.mark.parametrize('uri', ['ideal:', 'sim:?seed=3&preset=bad', 'tcp://127.0.0.1:7700'])
def test_no_change_leaves_any_uri_as_it_is(uri):
    assert with_options(uri, {}) == uri


def test_options_are_set_over_those_of_the_uri(refused):
    changed = with_options('sim:?seed=3&preset=bad&edge_gain=0.2', {'edge_gain': '0.1'})
    assert parse_qs(changed[5:]) == {'seed': ['3'], 'preset': ['bad'], 'edge_gain': ['0.1']}
    with refused('tcp://127.0.0.1:7700', 'only a simulated chip'):
        with_options('tcp://127.0.0.1:7700', {'edge_gain': '0.1'})


def test_an_ideal_chip_keeps_its_other_virtues():
    changed = dict(parse_qsl(with_options('ideal:', {'edge_gain': '0.1'})[5:]))
    assert {name: float(value) for name, value in changed.items()} == {
        field.name: field.default for field in fields(Deviations)
    } | {'edge_gain': 0.1}
    open_chip(with_options('ideal:', {'edge_gain': '0.1'}))


@pytest.mark.parametrize('uri', ['ideal:', 'sim:?seed=5'])
def test_a_chip_is_a_context_manager_that_leaves_it_safe(program, uri):
    with open_chip(uri) as chip:
        chip.program(program)
        chip.arm(np.array([0.25, -0.5]))
        assert (chip.evaluate(np.full(3, 0.4), 0.0, 1.0) != [0.25, -0.5]).any()
    assert not chip.telemetry().armed
    np.testing.assert_array_equal(chip.evaluate(np.full(3, 0.4), 0.0, 1.0), [0.25, -0.5])


PACKAGE = """
from pkan_control.bridge.transport import Tcp
from pkan_control.chips import uri as uri_module
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.uri import BoardScheme

class Mirror:
    is_simulated = True

    def open(self, uri):
        return IdealChip()

mirror = Mirror()
spi = BoardScheme(lambda uri: lambda: Tcp('127.0.0.1', int(uri.removeprefix('spi:'))))
"""
ENTRY_POINTS = """[pkan_control.chips]
mirror = their_chips:mirror
spi = their_chips:spi
"""


def test_another_package_adds_a_scheme(tmp_path, monkeypatch, refused, run_board):
    (tmp_path / 'their_chips.py').write_text(PACKAGE)
    folder = tmp_path / 'their_chips-1.0.dist-info'
    folder.mkdir()
    (folder / 'METADATA').write_text('Metadata-Version: 2.1\nName: their_chips\nVersion: 1.0\n')
    (folder / 'entry_points.txt').write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(uri_module, '_scheme_names', uri_module.SCHEMES.names)
    assert type(open_chip('mirror:anything')) is IdealChip
    assert (is_simulated('mirror:'), is_simulated('spi:1')) == (True, False)
    with run_board() as (firmware, uri):
        port = uri.rpartition(':')[2]
        with open_chip(f'spi:{port}') as chip:
            assert chip.identity.uid == firmware.uid.hex()
    with refused('unknown chip URI', 'ideal:, mirror:, serial:, sim:, spi:, tcp:'):
        open_chip('spj:1')
