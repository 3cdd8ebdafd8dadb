"""Time the link to a board: packing of one EVALUATE, and round trips over TCP and a pty.

Prints medians and 99th percentiles; `--json FILE` writes them. The board is an emulator in a
process of its own; a round trip is a PING, so without the simulated chip's own computation, and an
evaluation is all of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from pkan_control.bridge.codes import Kind
from pkan_control.bridge.fixed import ONE_INPUT, ONE_VALUE, to_fixed, to_floats
from pkan_control.bridge.frame import RESPONSE, Decoder, Frame, encode
from pkan_control.bridge.layouts import REQUESTS, RESPONSES
from pkan_control.bridge.messages import Evaluate, EvaluateReply, Ping
from pkan_control.chips.remote import RemoteChip
from pkan_control.chips.uri import open_chip
from pkan_control.controller.bundle import load_bundle
from pkan_control.mlp import Mlp
from pkan_control.rollouts.beside import shipped

CALLS = 3000
INPUTS, OUTPUTS = 12, 4


def timed(call: Callable[[], Any]) -> dict[str, float]:
    """Return median and 99th percentile of a call in microseconds."""
    times = []
    for _ in range(CALLS):
        begin = perf_counter_ns()
        call()
        times.append(perf_counter_ns() - begin)
    p50, p99 = np.percentile(times, (50, 99)) / 1e3
    return {'us_p50': p50, 'us_p99': p99}


def overhead() -> Callable[[], Any]:
    """Return the host's work for one EVALUATE: to bytes, and its response from bytes."""
    row = np.linspace(0, 1, INPUTS).tolist()
    reply = EvaluateReply(1, 2, 3, 4, 0, 0, to_fixed(np.linspace(-1, 1, OUTPUTS), ONE_VALUE))
    payload = RESPONSES[Kind.EVALUATE].pack(reply)
    answer = encode(Frame(Kind.EVALUATE, 1, 2, payload, RESPONSE))
    decoder = Decoder()

    def work() -> list[float]:
        message = Evaluate(0xDEADBEEF, 20_000, 0, to_fixed(row, ONE_INPUT))
        encode(Frame(Kind.EVALUATE, 1, 2, REQUESTS[Kind.EVALUATE].pack(message)))
        (frame,) = decoder.feed(answer)
        return to_floats(RESPONSES[Kind.EVALUATE].unpack(frame.payload).outputs, ONE_VALUE)

    return work


def round_trips(option: str, value: str) -> dict[str, dict[str, float]]:
    """Time a board that is reached that way."""
    program = load_bundle(shipped('drone_hover')).program
    if isinstance(program, Mlp):
        raise SystemExit('the shipped controller is an MLP')
    command = [sys.executable, '-m', 'pkan_control.cli', 'emulate', option, value, '--seed', '7']
    board = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        uri = (board.stdout.readline() if board.stdout else '').split(': ')[0]
        chip = open_chip(uri)
        if not isinstance(chip, RemoteChip):
            raise SystemExit(f'{uri} is no board')
        chip.program(program)
        chip.arm(np.zeros(OUTPUTS))
        x = np.full(INPUTS, 0.5)
        session, ping = chip.session, Ping(0)
        results = {
            f'PING over {option[2:]}': timed(lambda: session.request(Kind.PING, ping)),
            f'EVALUATE over {option[2:]}': timed(lambda: chip.evaluate(x, 0.0, 2.0)),
        }
        chip.close()
    finally:
        board.terminate()
        board.wait()
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    results = {'pack and unpack one EVALUATE': timed(overhead())}
    with tempfile.TemporaryDirectory() as folder:
        results |= round_trips('--tcp', '127.0.0.1:0')
        results |= round_trips('--pty', f'{folder}/board')
    for name, times in results.items():
        print(f'{name:30} p50 {times["us_p50"]:8.1f} us, p99 {times["us_p99"]:8.1f} us')
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
