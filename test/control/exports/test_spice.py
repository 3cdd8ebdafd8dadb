"""ngspice as an oracle: elements and networks as circuits do what our formulas say."""

import numpy as np
import pytest

from pkan_control.control.exports import spice as ngspice
from pkan_control.control.exports.spice import bench, netlist, save_spice
from pkan_control.devices.bandpass import bandpass
from pkan_control.devices.memdiode import memdiode

needs_ngspice = pytest.mark.skipif(
    not ngspice.is_installed(), reason='ngspice is not installed (Debian package ngspice)'
)
COUNT = 200


def drawn(device, seed=0):
    """Return parameters of elements whose codes are drawn evenly, none of them disconnected."""
    numbers = np.random.default_rng(seed)
    low, high = np.array(device.code_limits).T
    codes = numbers.integers(low, high, (COUNT, len(low)), endpoint=True).astype(np.int16)
    gain = device.codes.index('gain')
    codes[:, gain] = np.where(codes[:, gain] == 0, 7, codes[:, gain])
    return device.decode(codes)


@needs_ngspice
def test_ac_sweeps_of_filters_in_rc_form_are_our_formula():
    found = ngspice.sweep_bandpass(drawn(bandpass))
    assert found.simulated.shape == (75, COUNT)
    assert (found.x.min(), found.x.max()) == pytest.approx((0.0085, 0.996), abs=0.01)
    assert abs(found.simulated / found.computed - 1).max() <= 1e-6


@needs_ngspice
def test_dc_sweeps_of_memdiodes_are_our_formula():
    found = ngspice.sweep_memdiode(drawn(memdiode))
    assert found.simulated.shape == (51, COUNT)
    error = abs(found.simulated - found.computed).max(axis=0)
    assert (error / abs(found.computed).max(axis=0)).max() <= 1e-6


@needs_ngspice
@pytest.mark.parametrize('device', ['memdiode', 'bandpass'])
def test_a_whole_network_as_a_circuit_computes_the_same(device, random_program):
    program = random_program(device, (3, 2, 2), 2)
    normalised = np.random.default_rng(1).uniform(-1, 1, 3)
    x = 1 / (1 + np.exp(-normalised / program.squash_scale))
    wanted = program.evaluate_exactly(normalised)
    assert abs(wanted).min() > 0.01
    np.testing.assert_allclose(ngspice.network_outputs(program, x), wanted, rtol=1e-4)


@needs_ngspice
def test_the_oracle_says_why_there_is_no_result(refused):
    with refused('ngspice ended without a result'):
        ngspice.simulate(['* t', 'Xnothing a b missing'], 'op', ['v(a)'])


def test_an_oracle_that_is_missing_says_so(monkeypatch, refused):
    monkeypatch.setattr(ngspice, 'PROGRAM', 'ngspice-that-is-not-there')
    with refused('ngspice-that-is-not-there is not installed'):
        ngspice.simulate(['* t'], 'op', [])


def test_every_connected_element_is_an_instance_and_no_other(random_program):
    program = random_program('memdiode', (4, 3, 2))
    text = netlist(program, 'title')
    assert text.startswith('* title\n')
    connected = sum(np.count_nonzero(codes[..., -1]) for codes in program.layers)
    assert 0 < connected < program.elements
    assert text.count('memdiode_element\n') == connected
    assert max(map(len, text.splitlines())) < 250


@pytest.mark.parametrize('device', ['memdiode', 'bandpass'])
def test_a_file_is_written_whole_with_its_bench(device, random_program, tmp_path):
    program = random_program(device, (2, 2))
    save_spice(tmp_path / 'a.cir', program, ['error x', 'rate'], ['force', 'µ'], 'two by two')
    lines = (tmp_path / 'a.cir').read_text().splitlines()
    assert lines[0] == '* two by two'
    assert 'Vx0 x0 0 0.5 ; error x' in lines
    assert lines[-1] == '.end'


def test_names_must_fit_the_network(random_program, refused):
    with refused('names of 1 inputs and 2 outputs'):
        bench(random_program('memdiode', (2, 2)), ['a'], ['b', 'c'])
