"""Fly recorded commands again: the same states come out, bit for bit."""

from collections.abc import Iterator

import numpy as np

from pkan_control.rollouts.episode import Episode
from pkan_control.rollouts.record import EpisodeRecord
from pkan_control.rollouts.rollout import Plan
from pkan_control.worlds.world import open_world


def replay(plan: Plan, records: list[EpisodeRecord]) -> Iterator[tuple[EpisodeRecord, int | None]]:
    """Yield each record, and the first step at which a state differs; None if none does."""
    task = plan.task
    world = open_world(task.world, task.law, task.rate_hz, plan.effects)
    try:
        for record in records:
            episode = Episode(task, world, record.seed, record.number, plan.effects)
            for command in record.commands:
                episode.advance(command, 0)
            again = episode.record(0.0)
            differs = np.flatnonzero((again.states != record.states).any(axis=1))
            yield record, int(differs[0]) if len(differs) else None
    finally:
        world.close()
