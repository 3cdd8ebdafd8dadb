"""What several tests share: random programs, a network computed by hand, and refusals."""

import cmath
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings

from pkan_control.chips.calibration.calibration import Calibration, Fidelity, program_checksum
from pkan_control.chips.ideal import untrimmed
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.errors import UserError
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program

settings.register_profile('repeatable', derandomize=True, deadline=None, max_examples=60)
# `make mutants` only asks whether a test fails: searching for the simplest example takes minutes.
settings.register_profile(
    'mutants',
    settings.get_profile('repeatable'),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
settings.load_profile('mutants' if 'PKAN_MUTANTS' in os.environ else 'repeatable')

# Real processes, boards and nodes with limits of milliseconds, on a machine that may be busy: what
# fails there is tried once more, and counted as rerun.
REAL_TIME = ('bridge', 'boards', 'chips', 'ros')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that depend on real time or on ROS 2, and begin with the longest."""
    here = Path(__file__).parent
    slow = Counter[Path]()
    for item in items:
        if item.path.relative_to(here).parts[0] in REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=1))
        # The fixture of whatever starts nodes: a ROS domain of its own.
        if 'domain' in getattr(item, 'fixturenames', ()):
            item.add_marker('ros')
        slow[item.path] += item.get_closest_marker('slow') is not None
    items.sort(key=lambda item: -slow[item.path])


def band_pass(x: float, gain: float, low_hz: float, high_hz: float) -> float:
    """Return the amplitude of one element by its complex transfer functions."""
    f0 = 10 ** (3.65 + 1.5 * x)
    s = 1j * 4e6 / math.pi * math.atan(math.pi * f0 / 4e6)
    return gain * abs((s / high_hz) / (1 + s / high_hz) * 1 / (1 + s / low_hz))


def corner(c1: int, c2: int) -> float:
    """Return the corner in Hz of a pair of capacitors: the angle of `2 C2 + C1 + j C1`."""
    return 4e6 / math.pi * cmath.phase(complex(2 * int(c2) + int(c1), int(c1)))


def element(x: float, codes: np.ndarray) -> float:
    """Return the amplitude of one element of integer codes."""
    gain, low1, low2, high1, high2 = codes
    return band_pass(x, gain / 100, corner(low1, low2), corner(high1, high2))


def network(program: Program, x: np.ndarray) -> np.ndarray:
    """Evaluate a program element by element, without interpolation."""
    for number, codes in enumerate(program.layers):
        if number:
            x = np.array([1 / (1 + math.exp(-v / program.squash_scale)) for v in x])
        sources, targets, elements, _ = codes.shape
        x = np.array(
            [
                sum(element(x[i], codes[i, j, k]) for i in range(sources) for k in range(elements))
                for j in range(targets)
            ]
        )
    return x


@pytest.fixture(scope='session')
def by_hand() -> Callable[[Program, np.ndarray], np.ndarray]:
    return network


@pytest.fixture(scope='session')
def make_program() -> Callable[..., Program]:
    """Return a maker of random programs of a shape, `(12, 16, 4)` say."""

    def make(shape: tuple[int, ...], elements: int = 4, seed: int = 0, gain: int = 20) -> Program:
        draw = np.random.default_rng(seed)

        def layer(sources: int, targets: int) -> np.ndarray:
            edges = (sources, targets, elements)
            gains = draw.integers(-gain, gain, (*edges, 1), endpoint=True)
            pairs = draw.integers(1, 255, (*edges, 4), endpoint=True)
            return np.concatenate([gains, pairs], axis=-1).astype(np.int16)

        return Program('bandpass', tuple(map(layer, shape[:-1], shape[1:])))

    return make


@pytest.fixture(scope='session')
def refused() -> Callable[..., AbstractContextManager[None]]:
    """Return a context in which a `UserError` of one line with some words must be raised."""

    @contextmanager
    def check(*words: str) -> Iterator[None]:
        with pytest.raises(UserError) as caught:
            yield
        text = str(caught.value)
        assert len(text.splitlines()) == 1
        assert text.isprintable()
        for word in words:
            assert word in text

    return check


@pytest.fixture(scope='session')
def attempt() -> Callable[..., tuple[Any, str]]:
    """Return what calls a function: its result, or the text of its `UserError`."""

    def call(function: Callable[..., Any], *inputs: Any) -> tuple[Any, str]:
        try:
            return function(*inputs), ''
        except UserError as error:
            return None, str(error)

    return call


@pytest.fixture(scope='session')
def exact_calibration() -> Callable[[str, Program], Calibration]:
    """Return a maker of the calibration of a chip without flaws, at 25 degC."""

    def make(uid: str, program: Program) -> Calibration:
        device = find_device(program.device)
        twin = tuple(
            TwinLayer(
                device.decode(c), np.ones(c.shape[:3]), np.ones(c.shape[:2]), np.zeros(c.shape[:2])
            )
            for c in program.layers
        )
        fidelity = Fidelity(*(0.0 for _ in fields(Fidelity)))
        return Calibration(
            uid, program_checksum(program), '', 25.0, tuple(untrimmed(program)), twin, (), 0, 0.0,
            fidelity, fidelity,
        )  # fmt: skip

    return make


@pytest.fixture
def both_ways(tmp_path: Path) -> Callable[[str], list[list[str]]]:
    """Return what code prints with compiled code and without it, after whether there is any."""

    def run(code: str) -> list[list[str]]:
        words = [
            subprocess.run(
                [sys.executable, '-c', code], env=os.environ | {'PKAN_COMPILED': on},
                check=True, cwd=tmp_path, capture_output=True, text=True,
            ).stdout.split()
            for on in ('1', '0')
        ]  # fmt: skip
        assert [said[0] for said in words] == ['True', 'False']
        return [said[1:] for said in words]

    return run
