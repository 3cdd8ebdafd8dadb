"""What every package uses: arrays, errors, files, seeds."""
