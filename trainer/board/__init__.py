"""TensorBoard: event files, charts and pictures."""
