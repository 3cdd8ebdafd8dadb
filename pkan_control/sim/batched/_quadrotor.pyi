from pkan_control.common.arrays import Floats

def fly(
    frame: Floats, conditions: Floats, command: Floats, state: Floats, speeds: Floats, steps: int
) -> None: ...
