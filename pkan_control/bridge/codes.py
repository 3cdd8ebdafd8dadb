"""Named numbers of the bridge protocol: message kinds, statuses, states and flags."""

from enum import IntEnum, IntFlag

MAGIC = int.from_bytes(b'PKAN', 'little')


class MessageKind(IntEnum):
    """Kinds of messages, requests unless the protocol says event."""

    HELLO = 0x01
    PING = 0x02
    STATE = 0x03
    ARM = 0x04
    DISARM = 0x05
    SAFE = 0x0F
    PROGRAM_BEGIN = 0x10
    PROGRAM_DATA = 0x11
    VERIFY = 0x12
    COMMIT = 0x13
    ABORT = 0x14
    READBACK = 0x15
    TRIM = 0x18
    EVALUATE = 0x20
    SWEEP = 0x28
    SWEEP_DATA = 0x29
    SWEEP_ABORT = 0x2A
    TELEMETRY = 0x30
    TELEMETRY_PERIOD = 0x31
    LOG = 0x3F


class Status(IntEnum):
    """Status of a response; bit 7 (`ALERT`) may be added to any of them."""

    OK = 0
    UNSUPPORTED = 1
    LENGTH = 2
    VERSION = 3
    SESSION = 4
    STATE = 5
    ARGUMENT = 6
    BUSY = 7
    IMAGE_CRC = 8
    OFFSET_GAP = 9
    WRONG_PROGRAM = 10
    DEADLINE = 11
    NOT_SETTLED = 12
    SATURATED = 13
    HARDWARE = 14
    SAFE = 15
    TEMPERATURE = 16
    SUPPLY = 17
    READBACK = 18
    STALE = 19
    NO_RESOURCE = 20


# Bit 7 of a status: a fault is latched; STATE names it.
ALERT = 0x80


class BoardState(IntEnum):
    """States of a board."""

    BOOT = 0
    IDLE = 1
    PROGRAMMED = 2
    ARMED = 3
    SAFE = 4
    FAULT = 5


class SafeReason(IntEnum):
    """Why a board went safe; the SAFE of a host may carry other values."""

    NONE = 0
    HOST = 1
    WATCHDOG = 2
    NEW_SESSION = 3
    FAULT = 4


class BoardFault(IntFlag):
    """Faults that a board latches until it is reset."""

    HARDWARE = 1
    TEMPERATURE = 2
    SUPPLY = 4


class EvaluationFlag(IntFlag):
    """Flags of an EVALUATE response."""

    SATURATED = 1
    NOT_SETTLED = 2
    INPUT_CLIPPED = 4
    DEADLINE_MISSED = 8
    TEMPERATURE = 16
    STALE_TRIM = 32
    DEAD_ELEMENT = 64
    SAFE_VALUE = 128


class Capability(IntFlag):
    """Capability bits of a board's HELLO."""

    # One detector for each element: an edge is the sum of magnitudes, not of waves.
    DETECTORS = 1


class BoardKind(IntEnum):
    """Kinds of boards."""

    EMULATOR = 1
    FPAA = 2
    MEMRISTOR = 3


class TrimOperation(IntEnum):
    """Operations of TRIM."""

    SET = 0
    GET = 1
    STORE = 2
    CLEAR = 3


class SweepTarget(IntEnum):
    """What SWEEP measures on its own."""

    ELEMENT = 0
    EDGE = 1
    NODE = 2
    PATH = 3


# Flag of SWEEP: measure with the drive off.
DRIVE_OFF = 1
# Flag of PROGRAM_BEGIN: start over instead of resuming.
RESTART = 1
