"""Many chips, and what becomes of a task on them."""
