"""The two-layer net, by hand in NumPy and by autograd in torch."""
