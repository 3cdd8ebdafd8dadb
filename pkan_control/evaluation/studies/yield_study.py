"""Study of the yield: the share of fabricated chips that do a task, and its sensitivities.

Batches of chips run in parallel on all cores, or on a cluster. A chip's episodes depend on its
seed alone, so that neither the size of the batches nor their order changes a result.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from pkan_control.chips.calibration.calibrate import calibrate
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.common.files import JsonLines
from pkan_control.control.controller_file import ControllerFile
from pkan_control.devices.deviations import LIMITS, Deviations
from pkan_control.evaluation.rollouts.chip_calibration import calibration_inputs
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.evaluation.studies.monte_carlo import run_chips
from pkan_control.networks.policy import chip_program

# Episodes of one piece of work, which is at least one chip.
PIECE = 1000
# Factors to the nominal magnitudes, which are varied one by one; temperatures in degC.
FACTORS = (0.0, 0.5, 2.0, 4.0, 8.0)
VARIED = (
    'element_mismatch',
    'edge_gain',
    'offset',
    'read_noise',
    'node_noise',
    'dead',
    'ageing',
    'element_current',
    'element_slope',
    'temperature_c',
    'age_h',
)
# Magnitudes to start from where the nominal one is 0.
BASES = {'node_noise': 0.005, 'age_h': 1000.0}
NOMINAL = 'usual'

# Runs functions without arguments, on however many cores, and yields what they return.
Run = Callable[[Sequence[Callable[[], Any]]], Iterator[Any]]


@dataclass(frozen=True)
class Variant:
    """Chips of some deviations; the name has the magnitude that is not the nominal one."""

    name: str
    deviations: Deviations
    chips: int


@dataclass(frozen=True)
class Study:
    """Chips and the episodes that they run; chips have consecutive seeds from `first_chip`."""

    plan: Plan
    controller_file: ControllerFile
    deviations: Deviations
    chips: int
    first_chip: int = 0
    # Chips for each magnitude that is varied; 0 varies none.
    sensitivity: int = 0
    calibrated: bool = False

    def variants(self) -> list[Variant]:
        """Return the nominal chips, then those of one other magnitude each."""
        found = [Variant(NOMINAL, self.deviations, self.chips)]
        if not self.sensitivity:
            return found
        for name in VARIED:
            nominal = getattr(self.deviations, name) or BASES.get(name, 0.0)
            if nominal > 0 and self._matters(name):
                found += [self._varied(name, nominal * factor) for factor in FACTORS]
        return found

    def _matters(self, name: str) -> bool:
        """Return whether a magnitude changes chips of this device, at this age, at all."""
        nominal, extreme = (
            self.fabricate(replace(self.deviations, **{name: value}), self.first_chip)
            for value in (0.0, LIMITS.get(name, (0.0, 1.0))[1])
        )
        pairs = zip(
            [*nominal.matrices(0.0), nominal.sigmas],
            [*extreme.matrices(0.0), extreme.sigmas],
            strict=True,
        )
        return not all(np.array_equal(one, other) for one, other in pairs)

    def fabricate(self, deviations: Deviations, seed: int) -> SimulatedChip:
        """Return the chip of a seed with the controller's program."""
        chip = SimulatedChip(seed, deviations)
        chip.program(chip_program(self.controller_file.policy, 'study'))
        return chip

    def calibrate(self, chip: SimulatedChip) -> None:
        """Trim a chip."""
        program = chip_program(self.controller_file.policy, 'calibrate')
        inputs = calibration_inputs(self.plan.task, self.controller_file)
        calibrate(chip, program, inputs, '', SweepCache(None, {}), _silent)

    def _varied(self, name: str, value: float) -> Variant:
        limited = min(value, LIMITS.get(name, (0.0, 1.0))[1])
        changed = replace(self.deviations, **{name: limited})
        return Variant(f'{name}={limited:.6g}', changed, self.sensitivity)


@dataclass(frozen=True)
class Piece:
    """Some chips, each of a variant and a seed; calling it runs their episodes."""

    study: Study
    chips: tuple[tuple[Variant, int], ...]

    def __call__(self) -> list[dict[str, Any]]:
        """Return a line of results for each chip."""
        study = self.study
        fabricated = [study.fabricate(variant.deviations, seed) for variant, seed in self.chips]
        for chip in fabricated if study.calibrated else ():
            study.calibrate(chip)
        scores = run_chips(study.plan, study.controller_file, fabricated)
        return [
            {
                'variant': variant.name,
                'chip': seed,
                'success': [int(done) for done in scores.success[i]],
                'figures': {name: _finite(each[i]) for name, each in scores.figures.items()},
            }
            for i, (variant, seed) in enumerate(self.chips)
        ]


def _finite(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def pieces(study: Study, known: set[tuple[str, int]]) -> list[Piece]:
    """Return the chips that are left to run."""
    size = max(1, PIECE // study.plan.episodes)
    left = [
        (variant, seed)
        for variant in study.variants()
        for seed in range(study.first_chip, study.first_chip + variant.chips)
        if (variant.name, seed) not in known
    ]
    return [Piece(study, tuple(left[first : first + size])) for first in range(0, len(left), size)]


def run_study(
    study: Study, run: Run, log: JsonLines | None, report: Callable[[int], None]
) -> list[dict[str, Any]]:
    """Return the lines of all chips, in the order of variants and seeds."""
    lines = [] if log is None else list(log.found)
    report(len(lines))
    for done in run(pieces(study, {(line['variant'], line['chip']) for line in lines})):
        for line in done:
            lines.append(line)
            if log is not None:
                log.append(line)
        report(len(lines))
    order = {variant.name: number for number, variant in enumerate(study.variants())}
    return sorted(lines, key=lambda line: (order[line['variant']], line['chip']))


def about(study: Study, described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what identifies a study in files: its arguments, and every deviation."""
    magnitudes = {f.name: getattr(study.deviations, f.name) for f in fields(Deviations)}
    return {
        **described,
        'chips': study.chips,
        'first_chip': study.first_chip,
        'sensitivity_chips': study.sensitivity,
        'calibrated': study.calibrated,
        'deviations': magnitudes,
    }
