"""One episode loop, for training, studies, nodes and the command line."""
