"""The Fish Book's two-layer network, by hand in NumPy and by autograd in torch."""
