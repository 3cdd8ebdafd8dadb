"""The process of one candidate, spoken to in lines of JSON; `worker.py` is its other end."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = ROOT / '.venv-peers' / 'bin' / 'python'
# One core: neither linear algebra nor torch starts threads of its own.
ONE_THREAD = dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'), '1')


class SkippedError(Exception):
    """A candidate cannot run here; the message says why."""


@dataclass(frozen=True)
class Made:
    """A candidate that was made: its number in its process, its facts, and units a call."""

    number: int
    facts: dict[str, Any]
    units: int


class Process:
    """Makes one candidate and runs it on demand; it waits, and takes no time, in between."""

    def __init__(
        self, make: str, options: dict[str, Any], *, peer: bool = False, plain: bool = False
    ) -> None:
        """Start it, in the environment of the peers or this one's, and make the candidate."""
        if peer and not PEERS.exists():
            raise SkippedError('.venv-peers is not there: `make benchmark` sets it up')
        environment = os.environ | ONE_THREAD | ({'PKAN_COMPILED': '0'} if plain else {})
        command = [str(PEERS) if peer else sys.executable, str(HERE / 'worker.py')]
        self._count = 0
        self._log = tempfile.TemporaryFile('w+')  # noqa: SIM115 (closed in `_end`)
        self._process = subprocess.Popen(  # noqa: S603 (the command is that above)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env=environment, cwd=HERE,
        )  # fmt: skip
        try:
            self.facts = self.make(make, options).facts
        except BaseException:
            self._end()
            raise

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError('the process has no pipes')
        print(json.dumps(request), file=stdin, flush=True)
        line = stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {'error': self._last_words()}
        if 'skip' in answer:
            raise SkippedError(answer['skip'])
        if 'error' in answer:
            raise SkippedError(f'it failed: {answer["error"]}')
        return answer

    def _last_words(self) -> str:
        self._log.seek(0)
        return (self._log.read().strip().splitlines() or ['it ended'])[-1]

    def make(self, make: str, options: dict[str, Any]) -> 'Made':
        """Make one more candidate in it."""
        made = self._ask({'make': make, 'with': options})
        self._count += 1
        return Made(self._count - 1, made['facts'], int(made['units']))

    def run(self, calls: int, of: int = 0) -> float:
        """Return the mean of that many calls of one: seconds a unit, or what the calls return."""
        return float(self._ask({'of': of, 'calls': calls})['value'])

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._end()
