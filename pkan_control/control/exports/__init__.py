"""The network for other tools: circuit simulators and runtimes of neural networks."""
