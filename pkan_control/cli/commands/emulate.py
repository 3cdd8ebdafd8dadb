"""`pkan emulate` and `pkan proxy`: an emulated board, and a relay that injects faults."""

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from pkan_control.cli.commands.options import BoardUri, writable
from pkan_control.common.errors import UserError

TcpAddress = Annotated[
    str | None,
    typer.Option(metavar='HOST:PORT', help='Listen on a port, such as 127.0.0.1:7700.'),
]
PtyFile = Annotated[
    Path | None, typer.Option(metavar='FILE', help='Create a serial port FILE instead.')
]


def checked_chip_seed(seed: int) -> int:
    """Return a seed that a board can hold; refuse others."""
    if not 0 <= seed < 2**63:
        raise UserError(f'--seed {seed}: must be in 0..{2**63 - 1}')
    return seed


def emulate(
    tcp: TcpAddress = None,
    pty: PtyFile = None,
    preset: Annotated[
        str, typer.Option(metavar='NAME', help="Preset of the chip's deviations.")
    ] = 'typical',
    seed: Annotated[
        int, typer.Option(metavar='N', help='Seed of the chip.', callback=checked_chip_seed)
    ] = 0,
    mishap: Annotated[
        list[str] | None,
        typer.Option(metavar='NAME@SECONDS', help='Fault, such as reboot@12.5; may be repeated.'),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Keep program, trims and dead elements in FILE between runs.'
        ),
    ] = None,
) -> None:
    """Emulate a board with a simulated chip, until interrupted.

    A controller runs on it with `--chip tcp://HOST:PORT` or `--chip serial:///PATH`.
    """
    from pkan_control.boards.emulator.endpoint import open_endpoint, serve
    from pkan_control.boards.emulator.faults import FaultSchedule
    from pkan_control.boards.emulator.firmware import Firmware
    from pkan_control.boards.emulator.snapshot import load_snapshot, save_snapshot
    from pkan_control.devices.deviations import find_deviations

    faults = FaultSchedule(mishap or [])

    def strike(firmware: Firmware, now_us: int) -> None:
        for name in faults.strike(firmware, now_us):
            print(f'{now_us / 1e6:.3f} s: {name}', flush=True)

    firmware = Firmware(seed, find_deviations(preset))
    if state and writable(state) and state.exists():
        load_snapshot(state, firmware, preset)
    endpoint = open_endpoint(tcp, pty)
    print(f'{endpoint.name}: board with chip {seed}, {preset}', flush=True)
    try:
        serve(firmware, endpoint, stop_on_signals(), strike)
    finally:
        endpoint.close()
        if state:
            save_snapshot(state, firmware, preset)


def proxy(
    uri: BoardUri,
    plan: Annotated[
        Path, typer.Option(metavar='FILE', help='Fault plan, a YAML file: see doc/firmware.md.')
    ],
    tcp: TcpAddress = None,
    pty: PtyFile = None,
) -> None:
    """Relay between a host and a board with faults of a plan, until interrupted."""
    from pkan_control.boards.emulator.endpoint import open_endpoint
    from pkan_control.boards.emulator.fault_plans import load_plans
    from pkan_control.boards.emulator.fault_proxy import Cable, FaultLine, relay
    from pkan_control.chips.uri import open_transport
    from pkan_control.reporting.tables import console, fault_table

    plans = load_plans(plan)
    up = FaultLine(plans.to_board, 'to_board', plans.seed)
    down = FaultLine(plans.to_host, 'to_host', plans.seed)
    board, endpoint = open_transport(uri), open_endpoint(tcp, pty)
    print(f'{endpoint.name}: faults of {plan} before {uri}', flush=True)
    try:
        relay(Cable(endpoint, plans.pulled), board, up, down, stop_on_signals())
    except OSError as error:
        raise UserError(f'{uri}: {error}') from None
    finally:
        endpoint.close()
        board.close()
        console.print(fault_table({'to_board': up, 'to_host': down}))


def stop_on_signals() -> Callable[[], bool]:
    """Return a function that is true once Ctrl-C or SIGTERM has come."""
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set
