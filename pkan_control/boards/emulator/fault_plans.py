"""Fault plans of the proxy and their YAML files; doc/firmware.md shows one with all fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath, path_of
from pkan_control.common.ranges import NonNegative, Share, check_fields
from pkan_control.common.yaml_files import read_file


class FrameFault(Enum):
    """Faults of a single frame."""

    DROP = 'drop'
    DUPLICATE = 'duplicate'
    # Junk without a delimiter before the frame.
    INSERT = 'insert'
    # One bit is flipped, without adding or removing a delimiter.
    FLIP = 'flip'
    # The end of the frame is missing; the delimiter is kept.
    TRUNCATE = 'truncate'
    # The delimiter is missing: the frame merges with the next.
    MERGE = 'merge'
    # The frame and all after it come later.
    DELAY = 'delay'
    # An older frame is repeated after this one.
    STALE = 'stale'


@dataclass(frozen=True)
class Outage:
    """A period in s in which nothing passes: data is lost or, if stalled, passes later."""

    begin_s: NonNegative
    end_s: NonNegative
    stalled: bool = False

    def __post_init__(self) -> None:
        """Raise a `UserError` for an outage that does not end after it begins."""
        check_fields(self)
        if not self.begin_s < self.end_s:
            raise UserError(f'end_s: {self.end_s} s is not after begin_s, {self.begin_s} s')


@dataclass(frozen=True)
class FaultPlan:
    """Which frames are damaged: those of the script by number from 0, others at random."""

    rates: Mapping[FrameFault, Share] = field(default_factory=dict)
    script: Mapping[int, FrameFault] = field(default_factory=dict)
    delay_s: NonNegative = 0.03
    outages: tuple[Outage, ...] = ()
    # Speed of the line in bit/s, 0 for no delay.
    baud: NonNegative = 0.0

    def __post_init__(self) -> None:
        """Raise a `UserError` for rates that are no probabilities, and numbers out of range."""
        check_fields(self)
        if sum(self.rates.values()) > 1:
            raise UserError(f'rates: {list(self.rates.values())} must be 1 at most in all')
        if min(self.script, default=0) < 0:
            raise UserError(f'script: frame {min(self.script)} must be 0 or more')


@dataclass(frozen=True)
class FaultPlans:
    """Faults of the frames in each direction, and when the host's cable is pulled out."""

    seed: int = 0
    to_board: FaultPlan = FaultPlan()
    to_host: FaultPlan = FaultPlan()
    pulled: tuple[Outage, ...] = ()

    def __post_init__(self) -> None:
        """Raise a `UserError` for a seed out of range, and a stall of a pulled cable."""
        if not 0 <= self.seed < 2**63:
            raise UserError(f'seed: {self.seed} must be from 0 to 2^63 - 1')
        if any(outage.stalled for outage in self.pulled):
            raise UserError('pulled: a cable that is pulled out cannot be stalled')


def load_plans(path: FilePath) -> FaultPlans:
    """Return the plans of a YAML file; raise a `UserError` that names the invalid value."""
    if path_of(path, 'fault plan').suffix not in ('.yaml', '.yml'):
        raise UserError(f'fault plan {path}: must be a .yaml file')
    return read_file('', 'fault plan', path, FaultPlans)[1]
