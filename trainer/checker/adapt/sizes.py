"""The sizes in which a net is built and called: all differ, so that no shape fits by chance."""

N, D, H, C = 7, 5, 6, 3  # samples, inputs, hidden neurons, classes
