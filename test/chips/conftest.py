"""Boards that run in a thread, on TCP or a pty."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkan_control.boards.emulator.endpoint import PtyEndpoint, TcpEndpoint, serve
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.devices.deviations import Deviations

EXACT = Deviations()


@pytest.fixture(scope='session')
def run_board(tmp_path_factory):
    """Return a context in which a board runs: yields firmware and chip URI."""

    @contextmanager
    def run(link='tcp', deviations=EXACT, seed=7):
        firmware, stop = Firmware(seed, deviations), threading.Event()
        path = Path(tmp_path_factory.mktemp('pty')) / 'board'
        endpoint = TcpEndpoint('127.0.0.1', 0) if link == 'tcp' else PtyEndpoint(path)
        run.endpoint = endpoint
        thread = threading.Thread(target=serve, args=(firmware, endpoint, stop.is_set))
        thread.start()
        try:
            yield firmware, endpoint.name
        finally:
            stop.set()
            thread.join(10)
            endpoint.close()

    return run
