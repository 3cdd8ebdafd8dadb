"""Draw `doc/arm.png`: one episode of pick and place, and how exactly circles are followed.

The controllers that ship, each on a chip of preset typical; frames are PyBullet's own renderer's.
"""

from pathlib import Path

import numpy as np
import pybullet
import pybullet_data
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.reporting.pictures.style import GOOD, INK, make_figure, save
from pkan_control.tasks.options import configured

OUT = Path(__file__).resolve().parents[1] / 'doc' / 'arm.png'
CHIP = 'sim:?preset=typical&seed=1'
# Times in s of the frames, and how many circles are drawn.
FRAMES, CIRCLES = (0.0, 2.4, 3.9, 5.0, 6.6, 8.4), 8
PIXELS = 420


def flown(task: str, episodes: int) -> list[EpisodeRecord]:
    """Fly episodes of the controller that ships for a task."""
    controller_file = load_controller_file(shipped_controller(task))
    plan = Plan(configured(task, law=controller_file.law), episodes, 3)
    return run_controller(plan, controller_file, CHIP, 1, lambda done: None)


def rendered(record: EpisodeRecord) -> list[NDArray[np.uint8]]:
    """Return the frames `[pixels, pixels, 3]` of an episode of pick and place with the Panda."""
    pybullet.connect(pybullet.DIRECT)
    pybullet.setAdditionalSearchPath(pybullet_data.getDataPath())
    pybullet.loadURDF('plane.urdf')
    arm = pybullet.loadURDF('franka_panda/panda.urdf', useFixedBase=True)
    block = pybullet.loadURDF('cube_small.urdf')
    pybullet.changeVisualShape(block, -1, rgbaColor=(0.85, 0.35, 0.2, 1))
    goal = record.goals[-1]
    mark = pybullet.createVisualShape(
        pybullet.GEOM_CYLINDER, radius=0.03, length=0.002, rgbaColor=(0.11, 0.54, 0.42, 1)
    )
    pybullet.createMultiBody(0, -1, mark, (*goal[:2], 0.001))
    frames = []
    for time in FRAMES:
        state = record.states[round(time * record.rate_hz)]
        for joint in range(7):
            pybullet.resetJointState(arm, joint, state[joint])
        for finger in (9, 10):
            pybullet.resetJointState(arm, finger, state[7])
        pybullet.resetBasePositionAndOrientation(block, state[16:19], state[19:23])
        frames.append(_camera())
    pybullet.disconnect()
    return frames


def _camera() -> NDArray[np.uint8]:
    view = pybullet.computeViewMatrix((1.35, -0.75, 0.75), (0.3, 0.0, 0.27), (0, 0, 1))
    lens = pybullet.computeProjectionMatrixFOV(38, 1, 0.1, 5)
    *_, image, _, _ = pybullet.getCameraImage(
        PIXELS, PIXELS, view, lens, lightDirection=(1, -0.6, 1.6),
        renderer=pybullet.ER_TINY_RENDERER,
    )  # fmt: skip
    return np.reshape(image, (PIXELS, PIXELS, 4))[..., :3].astype(np.uint8)


def draw_error(axes: Axes, records: list[EpisodeRecord]) -> None:
    """Draw the distance of the tool from its moving goal over time."""
    task = configured('arm_track')
    for record in records:
        distance = np.linalg.norm(task.position(record.states) - record.goals[:, :3], axis=1)
        seconds = np.arange(len(distance)) / record.rate_hz
        axes.semilogy(seconds, 1000 * distance, color=GOOD, linewidth=1, alpha=0.8)
    axes.axhline(3, color=INK, linewidth=0.8, linestyle=':')
    axes.annotate('3 mm', (5.6, 3.3), color=INK, fontsize=9)
    axes.set(xlabel='time, s', ylabel='distance to the moving set-point, mm', ylim=(0.05, 300))
    axes.set_title('circles of 10 cm in 4 s', fontsize=10, color=INK)
    axes.margins(x=0)
    axes.grid(alpha=0.25)


def main() -> None:
    """Fly, render and write the picture."""
    record, *_ = flown('arm_pick_place', 1)
    circles = flown('arm_track', CIRCLES)
    figure = make_figure((13, 5.4), 'A Franka Panda on analogue networks, chips of preset typical')
    left, right = figure.subfigures(1, 2, width_ratios=(1.9, 1))
    cells = left.subplots(2, 3)
    for cell, frame, time in zip(cells.flat, rendered(record), FRAMES, strict=True):
        cell.imshow(frame)
        cell.set_axis_off()
        cell.set_title(f'{time:.1f} s', fontsize=9, color=INK)
    draw_error(right.subplots(), circles)
    save(figure, OUT)
    print(f'wrote {OUT.name}: block {1000 * record.score.figures["block_error_m"]:.2f} mm off')


if __name__ == '__main__':
    main()
