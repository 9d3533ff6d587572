"""What a step should compute, and common mistakes. N batch, D inputs, H hidden, C classes."""
