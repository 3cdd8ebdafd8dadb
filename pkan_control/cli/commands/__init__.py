"""The commands of `pkan`: one to a file, or several that share their options."""
