"""A file of the episodes that were flown: to go on after, and to replay."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.common.files import JsonLines, read_lines
from pkan_control.evaluation.rollouts.record import EpisodeRecord

Episodes = dict[tuple[str, int], EpisodeRecord]


class EpisodeLog:
    """Episodes of one row, by scenario and number."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Open a file, or go on with one of the same rollout; refuse one of another."""
        self._lines = JsonLines(path, about)
        self.known = _episodes(path, self._lines.found)

    def add(self, scenario: str, record: EpisodeRecord) -> None:
        """Append an episode."""
        self._lines.append({'scenario': scenario, 'episode': json.loads(record.to_json())})


def read_log(path: Path) -> tuple[dict[str, Any], Episodes]:
    """Return what was flown, and the episodes by scenario and number."""
    about, lines = read_lines(path)
    return about, _episodes(path, lines)


def _episodes(path: Path, lines: Sequence[Mapping[str, Any]]) -> Episodes:
    known = {}
    try:
        for line in lines:
            record = EpisodeRecord.from_json(json.dumps(line['episode']))
            known[str(line['scenario']), record.number] = record
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path}: no file of episodes ({error})') from None
    return known
