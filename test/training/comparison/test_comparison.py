"""A comparison is fair by its parameters, goes on where it was stopped, and chooses its rates."""

import json

import pytest
from typer.testing import CliRunner

from pkan_control.cli.main import app
from pkan_control.common.files import JsonLines
from pkan_control.reporting.pictures.comparison import draw_comparison
from pkan_control.training.comparison.candidates import KINDS, NODES, ONE, TWO, candidate
from pkan_control.training.comparison.comparison import RATES, Grid, best_rates, figures, run_grid

GRID = Grid('feynman_I.16.6', (2, 3), 30, 2, 2, ('bandpass', NODES))


def in_turn(work):
    return (each() for each in work)


def silent(done):
    """Say nothing."""


@pytest.mark.parametrize('size', [2, 10, 20])
@pytest.mark.parametrize('form', [(2, 1), (6, 3), (4, 1)])
def test_perceptrons_have_as_many_parameters_or_nodes(size, form):
    network = candidate('bandpass', size, 6, *form)
    for kind in (ONE, TWO):
        mlp = candidate(kind, size, 6, *form)
        assert 0.75 * network.parameters < mlp.parameters <= network.parameters
    nodes = candidate(NODES, size, 6, *form)
    assert (nodes.shape, nodes.nodes) == (network.shape, network.nodes)
    memdiode = candidate('memdiode', size, 6, *form)
    assert (memdiode.shape, memdiode.parameters) == (network.shape, network.edges * 6 * 7)


def test_an_unknown_kind_is_refused(refused):
    with refused('kind of network', "'cnn'", 'memdiode'):
        Grid('feynman', (2,), 22, kinds=('cnn',)).check()
    with refused("'memdiode' is given twice"):
        Grid('feynman', (2,), 22, kinds=('memdiode', 'bandpass', 'memdiode')).check()


@pytest.mark.slow
def test_a_grid_goes_on_where_it_was_stopped(tmp_path):
    path = tmp_path / 'log'
    whole = run_grid(GRID, in_turn, JsonLines(path, GRID.about), silent)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + GRID.trials == 1 + 2 * (len(RATES) + 2)
    path.write_bytes(b''.join(lines[:4]) + lines[4][:20])
    trained = []

    def watched(work):
        for each in work:
            trained.append(each)
            yield each()

    again = run_grid(GRID, watched, JsonLines(path, GRID.about), silent)
    assert len(trained) == GRID.trials - 3
    for one, other in zip(whole, again, strict=True):
        assert one['networks'] == other['networks']


def test_a_log_of_another_grid_is_refused(tmp_path, refused):
    JsonLines(tmp_path / 'log', GRID.about)
    other = Grid(GRID.name, (2, 4), 22, 2, 2, GRID.kinds)
    with refused('sizes'):
        JsonLines(tmp_path / 'log', other.about)


def test_the_rate_is_that_of_the_best_validation_at_the_middle_size():
    def line(kind, size, rate, validation, steps=22):
        networks = [{'validation': validation, 'score': 0.0, 'problem': '', 'seed': 0}]
        return {'kind': kind, 'size': size, 'rate': rate, 'steps': steps, 'networks': networks}

    lines = [line('bandpass', 3, rate, v) for rate, v in zip(RATES, (0.2, 0.1, 0.3), strict=True)]
    lines += [line(NODES, 3, rate, v) for rate, v in zip(RATES, (0.3, 0.4, 0.2), strict=True)]
    lines.append(line('bandpass', 3, RATES[2], 0.0, 30))
    assert best_rates(GRID, lines) == {'bandpass': RATES[1], NODES: RATES[2]}


def test_figures_and_picture(tmp_path):
    found = figures(GRID, run_grid(GRID, in_turn, None, silent))
    rows = found['problems']['feynman_I.16.6']
    assert [(row['kind'], row['size']) for row in rows] == [
        ('bandpass', 2),
        ('bandpass', 3),
        (NODES, 2),
        (NODES, 3),
    ]
    assert all(len(row['scores']) == 2 and row['spread'] >= 0 for row in rows)
    path = tmp_path / 'scores.png'
    draw_comparison(path, found)
    assert path.read_bytes()[:4] == b'\x89PNG'


@pytest.mark.slow
def test_the_command(tmp_path):
    out = tmp_path / 'found.json'
    command = ['compare', 'classification', '--sizes', '2', '--steps', '22', '--seeds', '1']
    command += ['--workers', '1', '--json', str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert {row['kind'] for row in found['problems']['classification']} == set(KINDS)
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.parametrize('sizes', ['', '4,2', '0', '2,x', '900'])
def test_sizes_that_are_none_are_refused(sizes, refused):
    from pkan_control.cli.commands.compare import parse_sizes

    with refused('--sizes'):
        parse_sizes(sizes)
