"""Records of episodes: states, commands, score, a hash over them, and their files."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import JsonLines, read_lines
from pkan_control.tasks.task import Score, Task

# The fields of a record that are arrays, and the type of their numbers.
ARRAYS: dict[str, type[np.generic]] = {
    'states': np.float64,
    'goals': np.float64,
    'commands': np.float64,
    'took_ns': np.int64,
}


@dataclass(frozen=True)
class EpisodeRecord:
    """One episode: states `[steps + 1, n]`, goals `[steps + 1, g]`, commands `[steps, m]`, score.

    `took_ns[steps]` is how long each command took: the inference in process, state out to
    command in over ROS.
    """

    task: str
    seed: int
    number: int
    rate_hz: float
    states: Floats
    goals: Floats
    commands: Floats
    took_ns: NDArray[np.int64]
    wall_s: float
    score: Score

    @classmethod
    def of(
        cls,
        task: Task,
        seed: int,
        number: int,
        states: Sequence[Floats],
        goals: Sequence[Floats],
        commands: Sequence[Floats],
        took_ns: Sequence[int],
        wall_s: float,
    ) -> 'EpisodeRecord':
        """Return the record of an episode, judged by its task."""
        trajectory, wanted = np.array(states), np.array(goals)
        return cls(
            task.name,
            seed,
            number,
            task.rate_hz,
            trajectory,
            wanted,
            np.array(commands),
            np.array(took_ns, dtype=np.int64),
            wall_s,
            task.score(trajectory, wanted),
        )

    def to_json(self) -> str:
        """Return one line of JSON; numbers keep every bit."""
        values = asdict(self)
        for name in ARRAYS:
            values[name] = values[name].tolist()
        values['score']['figures'] = _each(_finite, values['score']['figures'])
        return json.dumps(values, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> 'EpisodeRecord':
        """Return the record of a line of JSON."""
        values = json.loads(line)
        score = values['score']
        arrays = {name: np.array(values[name], dtype=kind) for name, kind in ARRAYS.items()}
        judged = Score(bool(score['success']), _each(_or_infinite, score['figures']))
        return cls(**{**values, **arrays, 'score': judged})


def read_records(path: Path) -> list[EpisodeRecord]:
    """Return the records of a file of JSON lines; an incomplete last line is left out."""
    if not path.exists():
        return []
    try:
        whole = path.read_text().rpartition('\n')[0]
        return [EpisodeRecord.from_json(line) for line in whole.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path}: not a file of episodes ({error})') from None


def rollout_hash(records: Sequence[EpisodeRecord]) -> str:
    """Return one hash over every state and command of every episode."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(np.ascontiguousarray(record.states).tobytes())
        digest.update(np.ascontiguousarray(record.commands).tobytes())
    return digest.hexdigest()


def summary(records: Sequence[EpisodeRecord]) -> dict[str, Any]:
    """Return the figures of a rollout; names and units are those of the JSON output."""
    took_us = np.concatenate([record.took_ns for record in records]) / 1e3
    simulated = sum(len(record.commands) / record.rate_hz for record in records)
    wall = sum(record.wall_s for record in records)
    return {
        'success_rate': float(np.mean([record.score.success for record in records])),
        **{name: _spread(records, name) for name in records[0].score.figures},
        'real_time_factor': simulated / wall,
        'inference_us': {'median': _quantile(took_us, 0.5), 'p99': _quantile(took_us, 0.99)},
        'hash': rollout_hash(records),
    }


def _spread(records: Sequence[EpisodeRecord], name: str) -> dict[str, float | None]:
    values = np.array([record.score.figures[name] for record in records])
    return {'median': _quantile(values, 0.5), 'p95': _quantile(values, 0.95)}


def _quantile(values: NDArray[Any], share: float) -> float | None:
    """Return a quantile that an episode really had; None where it is infinite or unknown."""
    ordered = np.where(np.isnan(values), np.inf, values)
    return _finite(float(np.quantile(ordered, share, method='inverted_cdf')))


def _each(change: Callable[[Any], Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: change(value) for name, value in values.items()}


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else float(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


Episodes = dict[tuple[str, int], EpisodeRecord]


class EpisodeLog:
    """A file of episodes, by scenario and number, to resume a rollout from and to replay."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Open a file, or resume one of the same rollout; refuse one of another."""
        self._lines = JsonLines(path, about)
        self.known = _episodes(path, self._lines.found)

    def add(self, scenario: str, record: EpisodeRecord) -> None:
        """Append an episode."""
        self._lines.append({'scenario': scenario, 'episode': json.loads(record.to_json())})


def read_log(path: Path) -> tuple[dict[str, Any], Episodes]:
    """Return what identifies the rollout, and the episodes by scenario and number."""
    about, lines = read_lines(path)
    return about, _episodes(path, lines)


def _episodes(path: Path, lines: Sequence[Mapping[str, Any]]) -> Episodes:
    known = {}
    try:
        for line in lines:
            record = EpisodeRecord.from_json(json.dumps(line['episode']))
            known[str(line['scenario']), record.number] = record
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path}: not a log of episodes ({error})') from None
    return known
