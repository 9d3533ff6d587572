"""A training run: the loop, evaluation, checkpoints, resuming, sweeps."""
