"""The network that is trained for the task by default, and how long."""

from pkan_control.training.imitation import Settings
from pkan_control.training.recipe import Recipe

ball_on_beam = Recipe((4,), 3, settings=Settings(rounds=3, flight_s=4.0, steps=1500, batch=256))
