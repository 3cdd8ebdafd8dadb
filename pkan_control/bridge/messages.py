"""The payload of every message as a named tuple; `layouts.py` defines the bytes."""

from typing import NamedTuple

Ints = tuple[int, ...]


class Empty(NamedTuple):
    """No payload."""


class Hello(NamedTuple):
    """Opens a session; `t_host_us` is the host's monotonic clock."""

    magic: int
    version_min: int
    version_max: int
    mtu: int
    nonce: int
    t_host_us: int


class HelloReply(NamedTuple):
    """Identity, limits and state of a board."""

    magic: int
    version: int
    kind: int
    hardware: int
    firmware: bytes
    uid: bytes
    session: int
    mtu: int
    credits: int
    slots: int
    capabilities: int
    max_in: int
    max_out: int
    max_edges: int
    k_max: int
    adc_bits: int
    layer_latency_us: int
    f_clk_hz: int
    boot_count: int
    reset_cause: int
    state: int
    active_program_crc: int
    dictionary_crc: int


class Ping(NamedTuple):
    """Requests the board's clock; `t_host` is the host's, in us."""

    t_host: int


class PingReply(NamedTuple):
    """The host time of the request, and the board's times of arrival and response, in us."""

    t_host: int
    t_received: int
    t_sent: int


class StateReply(NamedTuple):
    """State, reason of SAFE, latched faults, and checksum of the active program."""

    state: int
    safe_reason: int
    faults: int
    program_crc: int


class Arm(NamedTuple):
    """Arms the active program; without EVALUATE or PING for `watchdog_ms` the board goes safe."""

    program_crc: int
    watchdog_ms: int
    safe_action: Ints


class NewState(NamedTuple):
    """The state after ARM, DISARM or SAFE."""

    state: int


class Safe(NamedTuple):
    """Puts the safe action on the outputs, latched."""

    reason: int


class ProgramBegin(NamedTuple):
    """Begins, or resumes, the loading of an image into a slot."""

    slot: int
    flags: int
    chunk: int
    length: int
    crc: int


class NextOffset(NamedTuple):
    """Number of bytes of the image that the board has."""

    offset: int


class ProgramData(NamedTuple):
    """A piece of the image."""

    slot: int
    offset: int
    data: bytes


class Slot(NamedTuple):
    """Names a slot, for VERIFY and ABORT."""

    slot: int


class VerifyReply(NamedTuple):
    """Checksum computed by the board, number of elements, and of those it cannot realise."""

    crc: int
    elements: int
    unrealisable: int


class Commit(NamedTuple):
    """Makes a verified image the active program."""

    slot: int
    crc: int


class CommitReply(NamedTuple):
    """Checksum of the active program, and the time that applying it took."""

    active_crc: int
    apply_us: int


class Readback(NamedTuple):
    """Requests `n` bytes from an offset on; `what` 0 is the image committed from the slot."""

    slot: int
    what: int
    n: int
    offset: int


class Data(NamedTuple):
    """Raw bytes."""

    data: bytes


class Trim(NamedTuple):
    """Trims of edges (0) or nodes (1) from an index on: pairs of gain Q2.13, offset Q15.16."""

    kind: int
    operation: int
    n: int
    first: int
    values: tuple[tuple[int, int], ...]


class Evaluate(NamedTuple):
    """Requests the outputs for inputs Q1.15; bits 0 to 3 of `mode` are log2 of the averages."""

    program_crc: int
    deadline_us: int
    mode: int
    inputs: Ints


class EvaluateReply(NamedTuple):
    """Outputs Q15.16, times in us, and flags."""

    program_crc: int
    t_device_us: int
    settle_us: int
    total_us: int
    flags: int
    trace: int
    outputs: Ints


class Sweep(NamedTuple):
    """Measures one target on its own at `n` inputs from x0 to x1, both Q1.15."""

    target: int
    log2_averages: int
    n: int
    first: int
    x0: int
    x1: int
    settle_us: int
    flags: int


class SweepJob(NamedTuple):
    """Number of a sweep."""

    job: int


class SweepData(NamedTuple):
    """Readings Q15.16 of a sweep from number `first` on; sigma Q0.16 of one reading."""

    job: int
    first: int
    last: int
    sigma: int
    values: Ints


class TelemetryData(NamedTuple):
    """Telemetry of a board; temperatures in 0.01 degC."""

    t_ms: int
    chip_temperature: int
    board_temperature: int
    vdd_mv: int
    vmr_mv: int
    current_ua: int
    energy_uj: int
    evaluations: int
    crc_errors: int
    cobs_errors: int
    sequence_gaps: int
    deadline_misses: int
    state: int
    credit: int
    cpu_permille: int
    faults: int


class Period(NamedTuple):
    """Period of the telemetry in ms, 0 for none."""

    period_ms: int


class Log(NamedTuple):
    """One log line of a board."""

    level: int
    text: bytes


class Refusal(NamedTuple):
    """Payload of a refusal: the value received, and the one wanted."""

    got: int
    wanted: int
