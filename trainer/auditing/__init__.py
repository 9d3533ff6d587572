"""What a training step should compute, and the mistakes people make."""
