"""`pkan emulate` as a process of its own, and where it can be reached."""

import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager

import numpy as np
import pytest

from pkan_control.boards.emulator.endpoint import (
    PENDING_BYTES,
    PtyEndpoint,
    TcpEndpoint,
    open_endpoint,
)
from pkan_control.boards.emulator.fault_plans import Outage
from pkan_control.boards.emulator.fault_proxy import Cable
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.chips.uri import open_chip, open_transport
from pkan_control.devices.deviations import Deviations

COMMAND = [sys.executable, '-m', 'pkan_control.cli.main', 'emulate']


@contextmanager
def emulator(*options):
    """Run a board; yield the line that it prints."""
    board = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    try:
        yield board.stdout.readline()
        board.send_signal(signal.SIGTERM)
        assert board.wait(10) == 0
    finally:
        board.kill()
        board.communicate()


def test_a_board_on_tcp_serves_hosts_one_after_the_other(make_program):
    with emulator('--tcp', '127.0.0.1:0', '--preset', 'good', '--seed', '9') as line:
        uri = line.split(': ')[0]
        for _ in range(2):
            with closing(open_chip(uri)) as chip:
                assert chip.identity.uid == Firmware(9, Deviations()).uid.hex()
                chip.program(make_program((3, 2)))
                assert np.isfinite(chip.evaluate(np.full(3, 0.5), 0.0, 2.0)).all()


def test_a_board_on_a_pty_has_a_stable_name_that_goes_with_it(tmp_path, make_program):
    path = tmp_path / 'board'
    for _ in range(2):
        with emulator('--pty', str(path)) as line:
            assert line.startswith(f'serial://{path}: ')
            for _ in range(2):
                with closing(open_chip(f'serial://{path}')) as chip:
                    chip.program(make_program((3, 2)))
        assert not path.is_symlink()


def test_a_serial_port_is_for_one_host(tmp_path, refused):
    path = tmp_path / 'board'
    uri = f'serial://{path}'
    with emulator('--pty', str(path)), closing(open_chip(uri)), refused(uri, 'lock'):
        open_chip(uri)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ((), '--tcp HOST:PORT or --pty PATH'),
        (('--tcp', '127.0.0.1:0', '--pty', 'x'), '--tcp HOST:PORT or --pty PATH'),
        (('--tcp', '7700'), "'7700': must be HOST:PORT"),
        (('--tcp', 'h:99999'), 'must be HOST:PORT'),
        (('--tcp', '192.0.2.1:7700'), 'cannot listen on 192.0.2.1:7700'),
        (('--pty', '/no/such/folder'), 'cannot make /no/such/folder'),
        (('--tcp', '127.0.0.1:0', '--preset', 'worse'), 'bad, good, typical'),
    ],
)
def test_what_cannot_be_served_is_one_line_and_exit_code_2(options, words):
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_of_that_name_is_not_replaced(tmp_path, refused):
    path = tmp_path / 'file'
    path.write_text('mine')
    with refused('cannot make', str(path)):
        PtyEndpoint(path)
    assert path.read_text() == 'mine'


def test_what_nobody_reads_does_not_block_or_pile_up(tmp_path):
    with closing(open_endpoint(None, tmp_path / 'board')) as endpoint:
        for _ in range(100):
            endpoint.send(bytes(5000))
        assert len(endpoint._pending) <= PENDING_BYTES


def test_a_host_that_leaves_makes_room_for_the_next():
    with closing(TcpEndpoint('127.0.0.1', 0)) as endpoint:
        address = ('127.0.0.1', int(endpoint.name.rpartition(':')[2]))
        for number in range(3):
            with socket.create_connection(address) as host:
                endpoint.wait(1.0)
                host.sendall(bytes([number]))
                assert endpoint.wait(1.0) == bytes([number])
            assert endpoint.wait(1.0) == b''
            endpoint.send(b'nobody hears this')


@pytest.mark.parametrize('link', ['tcp', 'pty'])
def test_a_cable_that_is_pulled_out_ends_the_link_and_can_be_put_in_again(link, tmp_path, refused):
    tcp, pty = ('127.0.0.1:0', None) if link == 'tcp' else (None, tmp_path / 'board')
    with closing(open_endpoint(tcp, pty)) as endpoint:
        cable, before = Cable(endpoint, (Outage(1.0, 2.0),)), endpoint.name
        host = open_transport(before)
        host.write(b'x')
        # A new host is taken first, and heard then.
        assert b'x' in (endpoint.wait(1.0), endpoint.wait(1.0))
        assert not cable.serve(1.0)
        assert not cable.serve(1.9)
        with pytest.raises(OSError, match=r'closed the connection|is gone'):
            host.read(1.0)
        host.close()
        endpoint.send(b'nobody hears this')
        assert endpoint.wait(0.001) == b''
        with refused('cannot open', before):
            open_transport(before)
        assert cable.serve(2.0)
        assert endpoint.name == before
        host = open_transport(before)
        host.write(b'y')
        assert b'y' in (endpoint.wait(1.0), endpoint.wait(1.0))
        host.close()


def test_a_mishap_comes_at_its_time_and_is_told():
    command = [*COMMAND, '--tcp', '127.0.0.1:0', '--mishap', 'reboot@0.05']
    board = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = [board.stdout.readline() for _ in range(2)]
        assert lines[1].endswith(' s: reboot\n')
        assert 0.05 <= float(lines[1].split()[0]) < 1.0
        with closing(open_chip(lines[0].split(': ')[0])) as chip:
            assert chip.session.link.hello.boot_count == 2
    finally:
        board.terminate()
        assert board.wait(10) == 0
        board.communicate()


@pytest.mark.slow
def test_the_proxy_stands_before_a_board_and_tells_what_it_did(tmp_path, make_program):
    plan = tmp_path / 'plan.yaml'
    plan.write_text('to_board: {script: {20: drop}}')
    with emulator('--tcp', '127.0.0.1:0') as line:
        uri = line.split(': ')[0]
        command = [
            sys.executable,
            '-m',
            'pkan_control.cli.main',
            'proxy',
            uri,
            '--plan',
            str(plan),
        ]
        command += ['--tcp', '127.0.0.1:0']
        proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            with closing(open_chip(proxy.stdout.readline().split(': ')[0])) as chip:
                chip.program(make_program((3, 2)))
                missed = 0
                for _ in range(30):
                    try:
                        chip.evaluate(np.full(3, 0.5), 0.0, 0.2)
                    except TimeoutError:
                        missed += 1
        finally:
            proxy.terminate()
            output = proxy.communicate(timeout=10)[0]
    assert proxy.returncode == 0
    counts = {words[0]: words[-2:] for line in output.splitlines() if (words := line.split())}
    assert counts['drop'] == ['1', '0']
    assert all(counts[fault] == ['0', '0'] for fault in ('flip', 'merge', 'lost', 'stale'))
    assert missed <= 1
