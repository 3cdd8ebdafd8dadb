"""`pkan replay`: apply the logged commands again and compare every state."""

from pathlib import Path
from typing import Annotated

import typer


def replay(
    log: Annotated[Path, typer.Argument(metavar='LOG', help='File of pkan rollout --log.')],
) -> None:
    """Check that a logged rollout is reproduced bit for bit.

    The exit code is 1 if it is not.
    """
    from itertools import groupby

    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.rollouts.record import read_log
    from pkan_control.evaluation.rollouts.rollout import Plan
    from pkan_control.evaluation.rollouts.rollout import replay as fly_again
    from pkan_control.reporting.tables import console, progress
    from pkan_control.sim.scenarios import load_scenario
    from pkan_control.tasks.options import arm_named, configured

    about, known = read_log(log)
    law = load_controller_file(Path(about['controller'])).law
    arm = arm_named(about.get('robot'))
    task = configured(about['task'], about['airframe'], about['path'], law, arm)
    differing = []
    with progress(str(log), max(len(known), 1)) as report:
        done = 0
        for name, keys in groupby(sorted(known), key=lambda key: key[0]):
            plan = Plan(task, about['episodes'], about['seed'], load_scenario(name))
            for record, step in fly_again(plan, [known[key] for key in keys]):
                done += 1
                report(done)
                if step is not None:
                    differing.append(f'{name}, episode {record.number}: differs from step {step}')
    for line in differing:
        console.print(line)
    console.print(f'{len(known) - len(differing)} of {len(known)} episodes are the same')
    if differing:
        raise typer.Exit(1)
