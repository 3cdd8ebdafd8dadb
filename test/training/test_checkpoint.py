"""A run that was stopped goes on bit by bit; another run's checkpoint is refused in one line."""

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
import torch
from safetensors.torch import load_file, save_file

from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.training import imitation_run
from pkan_control.training.checkpoint import Checkpoint, State
from pkan_control.training.imitation_run import Extras
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.train import Options, train_controller

ABOUT = {'task': 'drone_hover', 'seed': 0}
STATE = State({'parameter.0': torch.arange(3.0)}, {'step': 7, 'numbers': {'state': 2**100}})


class Stop(Exception):  # noqa: N818 (no error)
    """The run is stopped."""


def stop_after(share):
    def report(done):
        if done > share:
            raise Stop

    return report


@pytest.fixture
def often(monkeypatch):
    """Write a checkpoint every seven steps."""
    monkeypatch.setattr(imitation_run, 'CHECKPOINT_STEPS', 7)


def extras(path, **more):
    return Extras(checkpoint=Checkpoint(path, ABOUT), **more)


@pytest.mark.slow
@pytest.mark.parametrize('share', [0.05, 0.5, 0.95])
def test_training_that_goes_on_gives_the_same_bits(often, train_short, tmp_path, share):
    path = tmp_path / 'a.checkpoint'
    with pytest.raises(Stop):
        train_short(extras(path), stop_after(share))
    assert path.exists() == (share > 0.1)
    shares = []
    resumed = train_short(extras(path), lambda done: shares.append(done))
    whole = train_short()
    assert (resumed[1], resumed[2]) == (whole[1], whole[2])
    assert shares[0] == pytest.approx(share, abs=0.1)


@pytest.mark.slow
def test_so_does_training_with_pruning_and_an_early_stop(often, train_short, tmp_path):
    more = {'sparsity': Sparsity(1e-3, 1e-3, 0.02), 'patience': 10}
    path = tmp_path / 'a.checkpoint'
    for share in (0.3, 0.6, 0.9):
        with suppress(Stop):
            train_short(extras(path, **more), stop_after(share))
    resumed, whole = train_short(extras(path, **more)), train_short(Extras(**more))
    assert (resumed[1], resumed[2]) == (whole[1], whole[2])
    assert all(torch.equal(a, b) for a, b in zip(resumed[0].kept, whole[0].kept, strict=True))


def test_a_run_that_has_ended_is_there_at_once(train_short, tmp_path):
    path = tmp_path / 'a.checkpoint'
    first = train_short(extras(path))
    shares = []
    again = train_short(extras(path), lambda done: shares.append(done))
    assert (again[1], again[2]) == (first[1], first[2])
    assert shares == [1.0]


def test_the_mlp_goes_on_too(often, train_short, tmp_path):
    path = tmp_path / 'a.checkpoint'
    with pytest.raises(Stop):
        train_short(extras(path), stop_after(0.5), 'mlp')
    assert train_short(extras(path), device='mlp')[2] == train_short(device='mlp')[2]


def test_what_is_saved_is_loaded(tmp_path):
    checkpoint = Checkpoint(tmp_path / 'deep/a', ABOUT)
    assert checkpoint.load() is None
    checkpoint.save(STATE)
    found = checkpoint.load()
    assert found.facts == STATE.facts
    assert torch.equal(found.tensors['parameter.0'], STATE.tensors['parameter.0'])


@pytest.mark.parametrize(
    ('other', 'named'),
    [({'seed': 1}, ['seed 0', 'of 1']), ({'task': 'drone_track'}, ['drone_hover', 'drone_track'])],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, refused, other, named):
    Checkpoint(tmp_path / 'a', ABOUT).save(STATE)
    with refused('checkpoint', *named):
        Checkpoint(tmp_path / 'a', {**ABOUT, **other}).load()


def test_a_checkpoint_of_another_version_is_refused(tmp_path, refused, monkeypatch):
    monkeypatch.setattr('pkan_control.training.checkpoint.__version__', '0.0.9')
    Checkpoint(tmp_path / 'a', ABOUT).save(STATE)
    monkeypatch.undo()
    with refused('checkpoint', 'version 0.0.9', 'remove it to start anew'):
        Checkpoint(tmp_path / 'a', ABOUT).load()


@pytest.mark.parametrize('damage', ['cut', 'empty', 'text', 'foreign'])
def test_a_damaged_checkpoint_is_refused(tmp_path, refused, damage):
    path = tmp_path / 'a'
    Checkpoint(path, ABOUT).save(STATE)
    whole = path.read_bytes()
    if damage == 'foreign':
        save_file(load_file(path), path)
    else:
        path.write_bytes(
            {'cut': whole[: len(whole) - 5], 'empty': b'', 'text': b'no\n' * 9}[damage]
        )
    with refused('damaged'):
        Checkpoint(path, ABOUT).load()


@contextmanager
def disk_of(size):
    """Let no file grow beyond a size: what is written then fails as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path, refused):
    checkpoint = Checkpoint(tmp_path / 'a', ABOUT)
    checkpoint.save(STATE)
    large = State({'parameter.0': torch.zeros(100_000)}, {'step': 8})
    with disk_of(50_000), refused('cannot write checkpoint', 'File too large'):
        checkpoint.save(large)
    assert checkpoint.load().facts['step'] == 7
    assert [path.name for path in tmp_path.iterdir()] == ['a']


@pytest.mark.slow
def test_training_on_a_full_disk_ends_in_one_error_and_goes_on_later(
    often, train_short, tmp_path, refused
):
    path = tmp_path / 'a'
    with pytest.raises(Stop):
        train_short(extras(path), stop_after(0.3))
    before = path.read_bytes()
    with disk_of(len(before) - 1), refused('cannot write checkpoint'):
        train_short(extras(path))
    assert path.read_bytes() == before
    assert train_short(extras(path))[2] == train_short()[2]


TRAIN = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from conftest import RECIPE
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.training import imitation_run, train
imitation_run.CHECKPOINT_STEPS = 5
train.find_recipe = lambda task: RECIPE
options = train.Options(checkpoint=Path({path!r}), steps=400)
train.train_controller(drone_hover, 'bandpass', 0, lambda done: None, options)
"""


@pytest.mark.slow
def test_a_killed_process_is_gone_on_with_to_the_same_network(tmp_path, monkeypatch, short_recipe):
    path, folder = tmp_path / 'a', os.path.dirname(__file__)
    process = subprocess.Popen([sys.executable, '-c', TRAIN.format(folder=folder, path=str(path))])
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    monkeypatch.setattr('pkan_control.training.train.find_recipe', lambda task: short_recipe)
    shares = []
    resumed, whole = (
        train_controller(drone_hover, 'bandpass', 0, report, Options(400, checkpoint=file))
        for report, file in ((lambda done: shares.append(done), path), (lambda *_: None, None))
    )
    assert shares[0] > 1 / 400
    assert resumed.provenance == whole.provenance
    pairs = zip(resumed.policy.layers, whole.policy.layers, strict=True)
    assert all((one == other).all() for one, other in pairs)


def test_options_make_a_checkpoint_that_names_all_that_matters(
    tmp_path, monkeypatch, short_recipe, refused
):
    monkeypatch.setattr('pkan_control.training.train.find_recipe', lambda task: short_recipe)
    options = Options(steps=30, checkpoint=tmp_path / 'a')
    first = train_controller(drone_hover, 'bandpass', 0, lambda *_: None, options)
    again = train_controller(drone_hover, 'bandpass', 0, lambda *_: None, options)
    assert (first.policy.layers[0] == again.policy.layers[0]).all()
    with refused('it is of seed 0, this run of 1'):
        train_controller(drone_hover, 'bandpass', 1, lambda *_: None, options)
    with refused('it is of settings'):
        train_controller(
            drone_hover, 'bandpass', 0, lambda *_: None, Options(31, checkpoint=tmp_path / 'a')
        )
