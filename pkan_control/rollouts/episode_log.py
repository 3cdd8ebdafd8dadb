"""A file of the episodes that were flown, a line of JSON each, to go on after and to replay.

The first line says what is flown. A line that was not written whole, when the process was killed
say, is dropped, and its episode flown again.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pkan_control.errors import UserError
from pkan_control.rollouts.record import EpisodeRecord


class EpisodeLog:
    """Episodes of one row, by scenario and number."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Open a file, or go on with one of the same rollout; refuse one of another."""
        self._path = path
        self.known: dict[tuple[str, int], EpisodeRecord] = {}
        if not path.exists() or not path.stat().st_size:
            self._append({'rollout': dict(about)})
            return
        found, self.known, whole = _read(path)
        if found != json.loads(json.dumps(dict(about))):
            differing = [name for name in about if found.get(name) != about[name]]
            name = differing[0] if differing else 'rollout'
            raise UserError(
                f'{path}: holds episodes of {name} {found.get(name)!r}, not of '
                f'{about.get(name)!r}: give another file'
            )
        os.truncate(path, whole)

    def add(self, scenario: str, record: EpisodeRecord) -> None:
        """Append an episode."""
        self._append({'scenario': scenario, 'episode': json.loads(record.to_json())})

    def _append(self, values: Mapping[str, Any]) -> None:
        line = json.dumps(values, allow_nan=False) + '\n'
        try:
            with self._path.open('ab') as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f'cannot write {self._path}: {error.strerror}') from None


def read_log(path: Path) -> tuple[dict[str, Any], dict[tuple[str, int], EpisodeRecord]]:
    """Return what was flown, and the episodes by scenario and number."""
    try:
        about, known, _ = _read(path)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}') from None
    return about, known


def _read(path: Path) -> tuple[dict[str, Any], dict[tuple[str, int], EpisodeRecord], int]:
    """Return what was flown, the episodes, and how many bytes are whole lines."""
    data = path.read_bytes()
    whole = data.rfind(b'\n') + 1
    try:
        first, *lines = data[:whole].splitlines()
        about = dict(json.loads(first)['rollout'])
        known = {}
        for line in lines:
            values = json.loads(line)
            record = EpisodeRecord.from_json(json.dumps(values['episode']))
            known[str(values['scenario']), record.number] = record
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path}: no file of episodes ({error})') from None
    return about, known, whole
