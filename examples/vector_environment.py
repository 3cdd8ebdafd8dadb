"""Run many environments at once with a random agent, and one on its own with pictures.

Every task is a Gymnasium environment: any library of reinforcement learning can train on it.
"""

import gymnasium
import numpy as np

import pkan_control as pk

environments = pk.vector_env('drone_hover', 256, scenario='wind')
environments.action_space.seed(0)
observations, _ = environments.reset(seed=0)
rewards, episodes = [], 0
for _ in range(50):
    actions = 0.1 * environments.action_space.sample()
    observations, reward, terminated, truncated, _ = environments.step(actions)
    rewards.append(reward.mean())
    episodes += int((terminated | truncated).sum())
print(f'256 drones, 50 steps: mean reward {np.mean(rewards):.2f}, {episodes} episodes ended')

# Actions are added to what the shipped controller does on this chip: none leaves it alone.
drone = gymnasium.make(
    'pkan_control/DroneHover-v0',
    scenario='wind',
    chip='sim:?preset=typical&seed=3',
    render_mode='rgb_array',
)
drone.reset(seed=0)
for _ in range(150):
    _, reward, *_ = drone.step(np.zeros(4, dtype=np.float32))
print(f'one drone with its controller: reward {reward:.2f}, picture of {drone.render().shape}')
drone.close()
