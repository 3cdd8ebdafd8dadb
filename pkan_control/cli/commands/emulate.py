"""`pkan emulate`: an emulated board."""

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from pkan_control.cli.commands.options import writable


def emulate(
    tcp: Annotated[
        str | None, typer.Option(help='Listen on HOST:PORT, for example 127.0.0.1:7700.')
    ] = None,
    pty: Annotated[
        Path | None, typer.Option(help='Make a serial port of this name instead.')
    ] = None,
    preset: Annotated[str, typer.Option(help='Preset of the deviations of the chip.')] = 'typical',
    seed: Annotated[int, typer.Option(help='Seed of the chip.', min=0, max=2**63 - 1)] = 0,
    mishap: Annotated[
        list[str] | None,
        typer.Option(help='Fault of the board, NAME@SECONDS: reboot@12.5, brown_out@20.'),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help='File that keeps program, trims and dead elements between runs.'),
    ] = None,
) -> None:
    """Emulate a board with a simulated chip, until interrupted.

    A controller runs on it with --chip tcp://HOST:PORT or --chip serial:///PATH.
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


def stop_on_signals() -> Callable[[], bool]:
    """Return a function that is true once Ctrl-C or SIGTERM has come."""
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set
