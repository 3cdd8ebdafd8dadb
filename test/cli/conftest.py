"""What tests of commands share: `pkan` in this process, a controller file, a short training."""

import sys
from pathlib import Path

import pytest

from pkan_control.cli.main import main
from pkan_control.control.controller_file import ControllerFile, save_controller_file
from pkan_control.tasks.task import find_task


@pytest.fixture
def pkan(monkeypatch, capsys, tmp_path):
    """Return a function that runs `pkan` in this process: exit code, output, lines of errors."""
    monkeypatch.chdir(tmp_path)
    # Wide enough for the large times of a busy machine.
    monkeypatch.setenv('COLUMNS', '120')

    def run(*words: object) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(sys, 'argv', ['pkan', *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        caught = capsys.readouterr()
        return ended.value.code or 0, caught.out, caught.err.splitlines()

    return run


@pytest.fixture
def refusal(pkan):
    """Return a function that runs `pkan` and returns the one line by which it refuses."""

    def run(*words: object) -> str:
        code, out, lines = pkan(*words)
        assert (code, out, len(lines)) == (2, '', 1), (code, out, lines)
        assert lines[0].startswith('error: ')
        assert lines[0].isprintable()
        return lines[0].removeprefix('error: ')

    return run


@pytest.fixture(scope='module')
def controller(tmp_path_factory, make_program) -> Path:
    path = tmp_path_factory.mktemp('controllers') / 'random.safetensors'
    law = find_task('drone_hover').law
    save_controller_file(path, ControllerFile('drone_hover', law, 50.0, make_program((12, 16, 4))))
    return path


@pytest.fixture
def short_training(monkeypatch) -> None:
    """Let the recipe of the drone be done in seconds."""
    from pkan_control.training import results
    from pkan_control.training.imitation import Settings
    from pkan_control.training.recipe import Recipe

    small = Settings(
        rounds=1, expert_flights=16, flights=8, flight_s=0.5, chips=2, batch=16, pairs=8
    )
    recipe = Recipe((4,), 1, settings=small)
    for module in ('train', 'cloning'):
        monkeypatch.setattr(f'pkan_control.training.{module}.find_recipe', lambda task: recipe)
    monkeypatch.setattr(results, 'EPISODES', 2)
