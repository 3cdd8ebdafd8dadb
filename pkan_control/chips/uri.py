"""Chip URIs: `ideal:`, `sim:?seed=1&preset=typical`, `serial:///dev/ttyACM0`, `tcp://HOST:PORT`.

Each scheme is a plug-in of the entry point group `pkan_control.chips`. A package that connects
boards in another way registers a `BoardScheme`; one with another kind of chip a `ChipScheme`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Protocol, get_args
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from pkan_control.bridge.transport import Serial, Tcp, Transport
from pkan_control.chips.chip import Chip
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import Readout, SimulatedChip
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.registry import Registry
from pkan_control.devices.deviations import Deviations, find_deviations

READOUTS: tuple[Readout, ...] = get_args(Readout)
# Defaults: speed of a serial line in baud, and host of a TCP connection.
BAUD, LOOPBACK = 921600, '127.0.0.1'
MAGNITUDES = tuple(field.name for field in fields(Deviations))


class ChipScheme(Protocol):
    """A scheme of chip URIs."""

    @property
    def is_simulated(self) -> bool:
        """Whether its chips are software: any number can be open at once, in any process."""

    def open(self, uri: str) -> Chip:
        """Return the chip of a URI; raise a `UserError` for an invalid one."""


SCHEMES: Registry[ChipScheme] = Registry('pkan_control.chips', 'chip scheme', ChipScheme)


def open_chip(uri: str) -> Chip:
    """Return the chip of a URI, a context manager that closes it.

    Raises a `UserError` for an unknown scheme, an invalid option, and a board that cannot be
    opened.

    >>> with open_chip('sim:?seed=3&preset=good') as chip:
    ...     chip.identity.uid
    'sim-3'
    """
    return _find_scheme(uri).open(uri)


def is_simulated(uri: str) -> bool:
    """Return whether a URI names a chip in software, of which several can be open at once."""
    return _find_scheme(uri).is_simulated


def open_transport(uri: str) -> Transport:
    """Return the transport to the board of a URI, without a session."""
    scheme = _find_scheme(uri)
    if not isinstance(scheme, BoardScheme):
        raise UserError(f'chip URI {uri!r}: must be that of a board, for example tcp://HOST:PORT')
    try:
        return scheme.connect(uri)()
    except OSError as error:
        raise UserError(f'cannot open {uri}: {error}') from None


def _find_scheme(uri: str) -> ChipScheme:
    name = split(uri).scheme
    if ':' not in uri or name not in _scheme_names():
        raise unknown('chip URI', uri, [f'{each}:' for each in _scheme_names()])
    return SCHEMES.find(name)


@lru_cache(maxsize=1)
def _scheme_names() -> tuple[str, ...]:
    return SCHEMES.names()


# For schemes: the parts of a URI.


def split(uri: str) -> SplitResult:
    """Return the parts of a URI; raise a `UserError` if it has none."""
    try:
        return urlsplit(uri)
    except ValueError as error:
        raise UserError(f'chip URI {uri!r}: {str(error)!r}') from None


def options_of(uri: str) -> dict[str, str]:
    """Return the options after `?`; raise a `UserError` for one that is given twice."""
    query = split(uri).query
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UserError(f'chip URI {uri!r}: write options as key=value&key=value') from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise UserError(f'chip URI {uri!r}: an option is given twice')
    return options


def _check_options_only(uri: str) -> None:
    parts = split(uri)
    if parts.netloc or parts.path or parts.fragment:
        raise UserError(f'chip URI {uri!r}: only ?key=value&... may follow {parts.scheme}:')


# The shipped schemes.


class IdealScheme:
    """`ideal:`, without options."""

    is_simulated = True

    def open(self, uri: str) -> Chip:
        """Return an ideal chip."""
        _check_options_only(uri)
        if options_of(uri):
            raise UserError(f'chip URI {uri!r}: ideal: takes no options')
        return IdealChip()


class SimulatedScheme:
    """`sim:` with a seed, a preset, a readout, and the magnitudes of single deviations."""

    is_simulated = True

    def open(self, uri: str) -> Chip:
        """Return the simulated chip of that seed and those deviations."""
        _check_options_only(uri)
        deviations = deviations_of(uri)
        readout = options_of(uri).get('readout', READOUTS[0])
        if readout not in READOUTS:
            raise unknown('readout', readout, READOUTS)
        return SimulatedChip(seed_of(uri), deviations, readout)


@dataclass(frozen=True)
class BoardScheme:
    """Boards over a transport; `connect` checks a URI and returns what opens its transport."""

    connect: Callable[[str], Callable[[], Transport]]
    is_simulated = False

    def open(self, uri: str) -> Chip:
        """Return the chip of the board, with an open session."""
        # Imported for a board only: it is a megabyte of a node's memory.
        from pkan_control.bridge.session import ThreadedSession
        from pkan_control.chips.board.board_chip import BoardChip

        return BoardChip(ThreadedSession(uri, self.connect(uri)))


def _connect_serial(uri: str) -> Callable[[], Transport]:
    parts, options = split(uri), options_of(uri)
    baud = options.pop('baud', str(BAUD))
    if parts.netloc or not parts.path.startswith('/') or parts.fragment or options:
        raise UserError(f'chip URI {uri!r}: write serial:///dev/ttyACM0?baud={BAUD}')
    if not (baud.isascii() and baud.isdigit() and len(baud) < 9 and int(baud)):
        raise UserError(f'baud={baud!r} in chip URI {uri!r}: must be a whole number from 1')
    return lambda: Serial(parts.path, int(baud))


def _connect_tcp(uri: str) -> Callable[[], Transport]:
    parts = split(uri)
    try:
        host, port = parts.hostname or LOOPBACK, parts.port
    except ValueError:
        port = None
    if not port or parts.path or parts.query or parts.fragment or '@' in parts.netloc:
        raise UserError(f'chip URI {uri!r}: write tcp://{LOOPBACK}:7700')
    return lambda: Tcp(host, port)


ideal, simulated = IdealScheme(), SimulatedScheme()
serial, tcp = BoardScheme(_connect_serial), BoardScheme(_connect_tcp)


# Simulated chips by their options.


def seed_of(uri: str) -> int:
    """Return the seed in the URI of a simulated chip, 0 by default."""
    seed = options_of(uri).get('seed', '0')
    if not (seed.isascii() and seed.isdigit() and len(seed) < 20 and int(seed) < 2**63):
        raise UserError(f'seed={seed!r} in chip URI {uri!r}: must be a whole number from 0')
    return int(seed)


def deviations_of(uri: str) -> Deviations:
    """Return the deviations of the simulated chip of a URI."""
    if split(uri).scheme != 'sim':
        raise UserError(f'chip URI {uri!r}: only a sim: chip is fabricated')
    options, allowed = options_of(uri), ('seed', 'preset', 'readout', *MAGNITUDES)
    for key in options:
        if key not in allowed:
            raise unknown(f'option in chip URI {uri!r}', key, allowed)
    changes = {key: _number(uri, key, options[key]) for key in MAGNITUDES if key in options}
    return find_deviations(options.get('preset', 'typical'), **changes)


def with_seed(uri: str, seed: int) -> str:
    """Return the URI of a simulated chip with another seed."""
    if split(uri).scheme != 'sim':
        raise UserError(f'chip URI {uri!r}: several chips need sim:, others have no seed')
    return 'sim:?' + urlencode({**options_of(uri), 'seed': str(seed)})


def with_options(uri: str, changes: Mapping[str, str]) -> str:
    """Return the URI of a chip with some options changed; without changes, the same URI.

    An ideal chip becomes a simulated one without any other deviations.
    """
    if not changes:
        return uri
    scheme = split(uri).scheme
    if scheme not in ('ideal', 'sim'):
        raise UserError(f'chip URI {uri!r}: only a simulated chip can be given {dict(changes)}')
    none = {each.name: str(each.default) for each in fields(Deviations)}
    defaults = none if scheme == 'ideal' else {}
    return 'sim:?' + urlencode(defaults | options_of(uri) | dict(changes))


def _number(uri: str, key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f'{key}={text!r} in chip URI {uri!r}: must be a number') from None
