"""Whether commands reach the actuators: a dry run, live, or stopped in an emergency."""

from dataclasses import dataclass


@dataclass
class Arming:
    """Says where commands go; a request that is refused returns why.

    live: commands go to the actuators, and not to a shadow. stopped: every command is the safe
    one, until a reset, which leaves a dry run. A stop in a dry run commands nothing.
    """

    live: bool = False
    stopped: bool = False

    def enable(self, live: bool, fault: str) -> str:
        """Go live, which a fault forbids, or back to a dry run."""
        if live and self.stopped:
            return 'stopped in an emergency: reset first'
        if live and fault:
            return fault
        if self.stopped:
            return ''
        self.live = live
        return ''

    def stop(self) -> None:
        """Stop in an emergency, until a reset."""
        self.stopped = True

    def reset(self, fault: str) -> str:
        """End an emergency if nothing is wrong any more; what follows is a dry run."""
        if self.stopped and fault:
            return fault
        self.live = self.live and not self.stopped
        self.stopped = False
        return ''
