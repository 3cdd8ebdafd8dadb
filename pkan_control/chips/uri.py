"""Open a chip from its URI: `sim:?seed=1&preset=typical`, `serial:///dev/ttyACM0?baud=921600`."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import cast
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from pkan_control.bridge.transport import Serial, Tcp, Transport
from pkan_control.chips.chip import Chip
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import Readout, SimulatedChip
from pkan_control.common.errors import UserError, unknown
from pkan_control.devices.deviations import Deviations, find_deviations

READOUTS = ('parallel', 'multiplexed')
# A serial line's speed in baud where none is given, and the host that TCP goes to.
BAUD, LOOPBACK = 921600, '127.0.0.1'
MAGNITUDES = tuple(field.name for field in fields(Deviations))


def open_chip(uri: str) -> Chip:
    """Return the chip that a URI names; raise a `UserError` that names what is wrong with it."""
    parts = _split(uri)
    if ':' not in uri or parts.scheme not in SCHEMES:
        raise unknown('chip URI', uri, [f'{scheme}:' for scheme in SCHEMES])
    if parts.scheme in BOARD_OPENERS and not parts.fragment:
        return _open_board(uri, parts)
    if parts.netloc or parts.path or parts.fragment:
        raise UserError(f'chip URI {uri!r}: only ?key=value&... may follow {parts.scheme}:')
    return OPENERS[parts.scheme](uri, _options(uri, parts.query))


def is_simulated(uri: str) -> bool:
    """Tell chips in software, of which there may be several, from boards."""
    return _split(uri).scheme not in BOARD_OPENERS


def with_seed(uri: str, seed: int) -> str:
    """Return the URI of a simulated chip with another seed."""
    parts = _split(uri)
    if parts.scheme != 'sim':
        raise UserError(f'chip URI {uri!r}: several chips need sim:, others have no seed')
    options = {**_options(uri, parts.query), 'seed': str(seed)}
    return 'sim:?' + urlencode(options)


def with_options(uri: str, changes: Mapping[str, str]) -> str:
    """Return the URI of a chip with some options set; without any, it stays as it is.

    An ideal chip becomes a simulated one that deviates in nothing else.
    """
    if not changes:
        return uri
    parts = _split(uri)
    if parts.scheme not in OPENERS:
        raise UserError(f'chip URI {uri!r}: only a simulated chip can be given {dict(changes)}')
    nothing = {each.name: str(each.default) for each in fields(Deviations)}
    usual = nothing if parts.scheme == 'ideal' else {}
    options = usual | _options(uri, parts.query) | dict(changes)
    return 'sim:?' + urlencode(options)


def seed_of(uri: str) -> int:
    """Return the seed in the URI of a simulated chip, 0 where none is given."""
    return _seed(uri, _options(uri, _split(uri).query).get('seed', '0'))


def deviations_of(uri: str) -> Deviations:
    """Return the deviations of the simulated chip that a URI names."""
    parts = _split(uri)
    if parts.scheme != 'sim':
        raise UserError(f'chip URI {uri!r}: only a sim: chip is fabricated')
    return _deviations(uri, _options(uri, parts.query))


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:
        raise UserError(f'chip URI {uri!r}: {str(error)!r}') from None


def _options(uri: str, query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UserError(f'chip URI {uri!r}: write options as key=value&key=value') from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise UserError(f'chip URI {uri!r}: an option is given twice')
    return options


def _open_ideal(uri: str, options: dict[str, str]) -> Chip:
    if options:
        raise UserError(f'chip URI {uri!r}: ideal: takes no options')
    return IdealChip()


def _open_simulated(uri: str, options: dict[str, str]) -> Chip:
    deviations = _deviations(uri, options)
    readout = options.get('readout', READOUTS[0])
    if readout not in READOUTS:
        raise unknown('readout', readout, READOUTS)
    return SimulatedChip(_seed(uri, options.get('seed', '0')), deviations, cast(Readout, readout))


def _deviations(uri: str, options: dict[str, str]) -> Deviations:
    allowed = ('seed', 'preset', 'readout', *MAGNITUDES)
    for key in options:
        if key not in allowed:
            raise unknown(f'option in chip URI {uri!r}', key, allowed)
    changes = {key: _number(uri, key, options[key]) for key in MAGNITUDES if key in options}
    return find_deviations(options.get('preset', 'typical'), **changes)


def _seed(uri: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63):
        raise UserError(f'seed={text!r} in chip URI {uri!r}: must be a whole number from 0')
    return int(text)


def _number(uri: str, key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f'{key}={text!r} in chip URI {uri!r}: must be a number') from None


OPENERS: dict[str, Callable[[str, dict[str, str]], Chip]] = {
    'ideal': _open_ideal,
    'sim': _open_simulated,
}


def open_transport(uri: str) -> Transport:
    """Return the bare wire to the board that a URI names."""
    parts = _split(uri)
    if parts.scheme not in BOARD_OPENERS or parts.fragment:
        raise unknown('board URI', uri, [f'{scheme}:' for scheme in BOARD_OPENERS])
    try:
        return BOARD_OPENERS[parts.scheme](uri, parts)()
    except OSError as error:
        raise UserError(f'cannot open {uri}: {error}') from None


def _open_board(uri: str, parts: SplitResult) -> Chip:
    # What only boards need is loaded for a board only: it is a megabyte of a node.
    from pkan_control.bridge.session import ThreadedSession
    from pkan_control.chips.board.board_chip import BoardChip

    connect = BOARD_OPENERS[parts.scheme](uri, parts)
    return BoardChip(ThreadedSession(uri, connect))


def _serial(uri: str, parts: SplitResult) -> Callable[[], Transport]:
    options = _options(uri, parts.query)
    baud = options.pop('baud', str(BAUD))
    if parts.netloc or not parts.path.startswith('/') or options:
        raise UserError(f'chip URI {uri!r}: write serial:///dev/ttyACM0?baud={BAUD}')
    if not (baud.isascii() and baud.isdigit() and len(baud) < 9 and int(baud)):
        raise UserError(f'baud={baud!r} in chip URI {uri!r}: must be a whole number from 1')
    return lambda: Serial(parts.path, int(baud))


def _tcp(uri: str, parts: SplitResult) -> Callable[[], Transport]:
    try:
        host, port = parts.hostname or LOOPBACK, parts.port
    except ValueError:
        port = None
    if not port or parts.path or parts.query or '@' in parts.netloc:
        raise UserError(f'chip URI {uri!r}: write tcp://{LOOPBACK}:7700')
    return lambda: Tcp(host, port)


BOARD_OPENERS: dict[str, Callable[[str, SplitResult], Callable[[], Transport]]] = {
    'serial': _serial,
    'tcp': _tcp,
}
SCHEMES = (*OPENERS, *BOARD_OPENERS)
