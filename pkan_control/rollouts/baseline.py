"""Whether a rollout is worse than an older one of the same episodes, beyond chance.

Episodes are pairs: the same start in the same weather. For success an exact McNemar test asks
whether more episodes got lost than were won, for each error an exact sign test whether more got
worse than better. Both are binomial tests of the pairs that differ; all of them together raise a
false alarm in at most `ALPHA` of the comparisons (Holm, Scandinavian Journal of Statistics 1979).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkan_control.errors import UserError
from pkan_control.rollouts.gate import Verdict

ALPHA = 0.01
# Errors that differ by less than this share are ties: they differ in nothing that matters.
TIE = 0.01
# What two rollouts must have in common to be pairs.
PAIRED = ('task', 'scenario', 'airframe', 'path', 'robot', 'episodes', 'seed')


@dataclass(frozen=True)
class Comparison:
    """One figure: in how many episodes it is worse or better, and how likely that is by chance."""

    figure: str
    worse: int
    better: int
    p: float


def read_baseline(path: Path) -> Any:
    """Return what an older JSON file holds."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise UserError(f'baseline {path}: {error.strerror}') from None
    except ValueError as error:
        raise UserError(f'baseline {path}: no JSON ({error})') from None


def of_scenario(figures: Any, name: str) -> Mapping[str, Any]:
    """Return what a JSON file of `pkan rollout` says of one scenario."""
    if not isinstance(figures, Mapping):
        raise UserError('baseline: no figures of a rollout')
    several = figures.get('scenarios', {figures.get('scenario'): figures})
    if not isinstance(several, Mapping) or name not in several:
        raise UserError(f'baseline: says nothing of scenario {name}')
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


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Verdict]:
    """Compare what two JSON files say of the same episodes, figure by figure."""
    check_pairs(old, new)
    before, after = _outcomes(old), _outcomes(new)
    common = [name for name in before if name in after]
    found = [compare_figure(name, before[name], after[name]) for name in common]
    return judge(found)


def _outcomes(figures: Mapping[str, Any]) -> Mapping[str, Sequence[float | None]]:
    outcomes = figures.get('outcomes')
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise UserError('baseline: holds no outcomes of single episodes')
    return outcomes


def compare_figure(
    name: str, before: Sequence[float | None], after: Sequence[float | None]
) -> Comparison:
    """Count the pairs that differ. More is better for success, less for everything else."""
    if len(before) != len(after):
        raise UserError(f'baseline: {len(before)} outcomes of {name}, now {len(after)}')
    sign = -1 if name == 'success' else 1
    steps = [sign * _step(*pair) for pair in zip(before, after, strict=True)]
    worse, better = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return Comparison(name, worse, better, at_least(worse, worse + better))


def _step(before: float | None, after: float | None) -> int:
    """Return 1 where a figure rose, -1 where it fell, 0 for a tie; None is infinite."""
    old, new = (math.inf if value is None else float(value) for value in (before, after))
    larger = max(abs(old), abs(new))
    if old == new or (larger < math.inf and abs(new - old) <= TIE * larger):
        return 0
    return 1 if new > old else -1


def at_least(worse: int, differing: int) -> float:
    """Return how likely so many of the pairs that differ are worse if both ways are as likely."""
    ways = sum(math.comb(differing, k) for k in range(worse, differing + 1))
    return float(ways / 2**differing)


def judge(found: Sequence[Comparison]) -> list[Verdict]:
    """Return a verdict for each figure; false alarms of all together stay below `ALPHA`."""
    verdicts, stopped = {}, False
    for rank, each in enumerate(sorted(found, key=lambda comparison: comparison.p)):
        stopped = stopped or each.p > ALPHA / (len(found) - rank)
        text = f'{each.worse} worse, {each.better} better, p = {each.p:.2g}'
        verdicts[each.figure] = Verdict(f'no regression of {each.figure}', stopped, text)
    return [verdicts[each.figure] for each in found]
