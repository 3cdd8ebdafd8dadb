"""Regression test of a rollout against an older one of the same episodes.

Episodes are pairs: the same start under the same disturbances. Success is compared by an exact
McNemar test, each error by an exact sign test. Both are binomial tests of the pairs that differ;
all of them together raise a false alarm in at most `ALPHA` of the comparisons (Holm, Scandinavian
Journal of Statistics 1979).

Where the chips are different ones of the same kind, all episodes of a chip count as one, since
they have the chip in common.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkan_control.chips.uri import deviations_of, seed_of
from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.requirements import Verdict

ALPHA = 0.01
# Errors that differ by less than this share are ties.
TIE = 0.01
# Fields that two rollouts must have in common.
PAIRED = ('task', 'scenario', 'airframe', 'path', 'robot', 'episodes', 'seed')


@dataclass(frozen=True)
class PairedComparison:
    """One figure: number of episodes or chips where it is worse or better, and the p-value."""

    figure: str
    worse: int
    better: int
    p: float


def read_baseline(path: Path) -> Any:
    """Return the content of an older JSON file."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise UserError(f'baseline {path}: {error.strerror}') from None
    except ValueError as error:
        raise UserError(f'baseline {path}: no JSON ({error})') from None


def of_scenario(figures: Any, name: str) -> Mapping[str, Any]:
    """Return the figures of one scenario in a JSON file of `pkan rollout`."""
    if not isinstance(figures, Mapping):
        raise UserError('baseline: has no figures of a rollout')
    several = figures.get('scenarios', {figures.get('scenario'): figures})
    if not isinstance(several, Mapping) or name not in several:
        raise UserError(f'baseline: has no scenario {name}')
    found: Mapping[str, Any] = several[name]
    return found


def check_pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise a `UserError` unless both rollouts are of the same episodes."""
    for name in PAIRED:
        if old.get(name) != new.get(name):
            raise UserError(
                f'baseline: its {name} is {old.get(name)!r}, now {new.get(name)!r}: '
                'only the same episodes can be compared'
            )


def compare(old: Mapping[str, Any], new: Mapping[str, Any], scenarios: int = 1) -> list[Verdict]:
    """Compare two JSON files of the same episodes, figure by figure.

    Where several scenarios are compared, false alarms of all together stay below `ALPHA`.
    """
    check_pairs(old, new)
    before, after = _outcomes(old), _outcomes(new)
    common = [name for name in before if name in after]
    units = new['chips'] if other_chips(old, new) else None
    found = [compare_figure(name, before[name], after[name], units) for name in common]
    return judge(found, ALPHA / scenarios)


def other_chips(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether the chips are different ones, as many and of the same kind."""
    uris = [str(figures.get('chip', '')) for figures in (old, new)]
    if old.get('chips') != new.get('chips') or not all(uri.startswith('sim:') for uri in uris):
        return False
    first, second = uris
    return seed_of(first) != seed_of(second) and deviations_of(first) == deviations_of(second)


def _outcomes(figures: Mapping[str, Any]) -> Mapping[str, Sequence[float | None]]:
    outcomes = figures.get('outcomes')
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise UserError('baseline: has no outcomes of single episodes')
    return outcomes


def compare_figure(
    name: str,
    before: Sequence[float | None],
    after: Sequence[float | None],
    units: int | None = None,
) -> PairedComparison:
    """Count the pairs that differ. More is better for success, less for everything else.

    With `units`, episodes whose numbers are the same modulo that count as one.
    """
    if len(before) != len(after):
        raise UserError(f'baseline: {len(before)} outcomes of {name}, now {len(after)}')
    sign = -1 if name == 'success' else 1
    steps = [sign * _step(*pair) for pair in zip(before, after, strict=True)]
    if units is not None:
        steps = [sum(steps[unit::units]) for unit in range(units)]
    worse, better = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return PairedComparison(name, worse, better, at_least(worse, worse + better))


def _step(before: float | None, after: float | None) -> int:
    """Return 1 where a figure rose, -1 where it fell, 0 for a tie; None is infinite."""
    old, new = (math.inf if value is None else float(value) for value in (before, after))
    larger = max(abs(old), abs(new))
    if old == new or (larger < math.inf and abs(new - old) <= TIE * larger):
        return 0
    return 1 if new > old else -1


def at_least(worse: int, differing: int) -> float:
    """Return the p-value of so many worse pairs, of those that differ, by a fair coin."""
    ways = sum(math.comb(differing, k) for k in range(worse, differing + 1))
    return float(ways / 2**differing)


def judge(found: Sequence[PairedComparison], level: float = ALPHA) -> list[Verdict]:
    """Return a verdict for each figure; false alarms of all together stay below a level."""
    verdicts, stopped = {}, False
    for rank, each in enumerate(sorted(found, key=lambda comparison: comparison.p)):
        stopped = stopped or each.p > level / (len(found) - rank)
        text = f'{each.worse} worse, {each.better} better, p = {each.p:.2g}'
        verdicts[each.figure] = Verdict(f'no regression of {each.figure}', stopped, text)
    return [verdicts[each.figure] for each in found]
