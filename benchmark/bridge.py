"""Time the link to a board: packing of one EVALUATE, and round trips over TCP and a pty.

The board is an emulator in a process of its own. A PING is the link without the simulated chip's
computation, an EVALUATE is all of it; a bare echo of as many bytes, by a process that does nothing
else, is what the machine itself takes at that moment. They take turns, and the median over the
rounds is told of each round's median and 99th percentile. `--json FILE` writes the figures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from pkan_control.boards.emulator.endpoint import Endpoint, open_endpoint
from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import RESPONSE, Decoder, Frame, encode
from pkan_control.bridge.layouts import (
    ONE_INPUT,
    ONE_VALUE,
    REQUESTS,
    RESPONSES,
    to_fixed,
    to_floats,
)
from pkan_control.bridge.messages import Evaluate, EvaluateReply, Ping
from pkan_control.chips.board.board_chip import BoardChip
from pkan_control.chips.uri import open_chip, open_transport
from pkan_control.common.arrays import Floats
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.networks.policy import chip_program

ROUNDS, CALLS = 15, 300
INPUTS, OUTPUTS = 12, 4
# As many bytes as a PING has on the wire.
PIECE = bytes(range(1, 22))


def timed(calls: dict[str, Callable[[], Any]]) -> dict[str, dict[str, float]]:
    """Time calls in turns; return medians over the rounds in microseconds."""
    found: dict[str, list[Floats]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            found[name].append(np.percentile(_times(call), (50, 99)) / 1e3)
    medians = {name: np.median(each, axis=0).tolist() for name, each in found.items()}
    return {name: {'us_p50': p50, 'us_p99': p99} for name, (p50, p99) in medians.items()}


def _times(call: Callable[[], Any]) -> list[int]:
    times = []
    for _ in range(CALLS):
        begin = perf_counter_ns()
        call()
        times.append(perf_counter_ns() - begin)
    return times


def _echo(endpoint: Endpoint, name: Connection) -> None:
    """Send back what comes, for ever."""
    name.send(endpoint.name)
    while True:
        endpoint.send(endpoint.wait(1.0))


@contextmanager
def echo(tcp: str | None, pty: Path | None) -> Iterator[Callable[[], None]]:
    """Yield one exchange with a process that sends back what comes."""
    here, there = Pipe()
    process = Process(target=lambda: _echo(open_endpoint(tcp, pty), there), daemon=True)
    process.start()
    wire = open_transport(here.recv())

    def exchange() -> None:
        wire.write(PIECE)
        left = len(PIECE)
        while left:
            left -= len(wire.read(1.0))

    try:
        yield exchange
    finally:
        wire.close()
        process.terminate()
        process.join()


def overhead() -> Callable[[], Any]:
    """Return the host's work for one EVALUATE: to bytes, and its response from bytes."""
    row = np.linspace(0, 1, INPUTS).tolist()
    reply = EvaluateReply(1, 2, 3, 4, 0, 0, to_fixed(np.linspace(-1, 1, OUTPUTS), ONE_VALUE))
    payload = RESPONSES[MessageKind.EVALUATE].pack(reply)
    answer = encode(Frame(MessageKind.EVALUATE, 1, 2, payload, RESPONSE))
    decoder = Decoder()

    def work() -> list[float]:
        message = Evaluate(0xDEADBEEF, 20_000, 0, to_fixed(row, ONE_INPUT))
        encode(Frame(MessageKind.EVALUATE, 1, 2, REQUESTS[MessageKind.EVALUATE].pack(message)))
        (frame,) = decoder.feed(answer)
        return to_floats(RESPONSES[MessageKind.EVALUATE].unpack(frame.payload).outputs, ONE_VALUE)

    return work


@contextmanager
def board(*options: str) -> Iterator[BoardChip]:
    """Yield the chip of an emulated board.

    It is not armed: on a machine that is busy with other things it might go safe in between.
    """
    program = chip_program(load_controller_file(shipped_controller('drone_hover')).policy, 'load')
    command = [sys.executable, '-m', 'pkan_control.cli.main', 'emulate', *options, '--seed', '7']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        uri = (process.stdout.readline() if process.stdout else '').split(': ')[0]
        chip = open_chip(uri)
        if not isinstance(chip, BoardChip):
            raise SystemExit(f'{uri} is no board')
        chip.program(program)
        yield chip
        chip.close()
    finally:
        process.terminate()
        process.wait()


def round_trips(wire: str, folder: str) -> dict[str, dict[str, float]]:
    """Time a board that is reached over a kind of wire."""
    tcp, pty = ('127.0.0.1:0', None) if wire == 'TCP' else (None, Path(folder) / 'echo')
    options = ('--tcp', '127.0.0.1:0') if wire == 'TCP' else ('--pty', f'{folder}/board')
    x, ping = np.full(INPUTS, 0.5), Ping(0)
    with board(*options) as chip, echo(tcp, pty) as exchange:
        return timed({
            f'bare echo over {wire}': exchange,
            f'PING over {wire}': lambda: chip.session.request(MessageKind.PING, ping),
            f'EVALUATE over {wire}': lambda: chip.evaluate(x, 0.0, 2.0),
        })  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    results = timed({'pack and unpack one EVALUATE': overhead()})
    with tempfile.TemporaryDirectory() as folder:
        for wire in ('TCP', 'pty'):
            results |= round_trips(wire, folder)
    for name, times in results.items():
        print(f'{name:30} p50 {times["us_p50"]:8.1f} us, p99 {times["us_p99"]:8.1f} us')
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
