"""What a training step should compute, and the mistakes people make.

Shapes: N batch, D inputs, H hidden neurons, C classes.
"""
