"""All that is TensorBoard: event files, charts and pictures."""
