"""A net of plain lists, one point at a time, whose last number is the target."""

import math
import random

random.seed(4)
points = [[0.2, -0.7, 0.4], [1.1, 0.3, -0.6], [-0.5, 0.9, 0.8], [0.6, 0.1, -0.2]]
v = [[random.uniform(-0.5, 0.5) for _ in range(3)] for _ in range(2)]
w = [random.uniform(-0.5, 0.5) for _ in range(3)]
f = lambda x: math.tanh(x)  # noqa: E731
slope = lambda y: 1 - y * y  # noqa: E731
for _ in range(1000):
    for point in points:
        z = [f(v[i][0] + v[i][1] * point[0] + v[i][2] * point[1]) for i in range(2)]
        y = f(w[0] + w[1] * z[0] + w[2] * z[1])
        delta = (point[2] - y) * slope(y)
        deltas = [delta * w[i + 1] * slope(z[i]) for i in range(2)]
        w[0] += 0.1 * delta
        for i in range(2):
            w[i + 1] += 0.1 * delta * z[i]
            v[i][0] += 0.1 * deltas[i]
            v[i][1] += 0.1 * deltas[i] * point[0]
            v[i][2] += 0.1 * deltas[i] * point[1]
