"""Episodes of a controller on a task, and the judgement of their figures."""
