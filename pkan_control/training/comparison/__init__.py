"""Networks of several kinds and sizes, trained on the same subject."""
