# The identity output and the squared error.
import numpy as np


class Net:
    def __init__(self, n_input, n_hidden, n_output):
        self.params = {
            "W1": np.random.rand(n_input, n_hidden),
            "b1": np.random.rand(n_hidden),
            "W2": np.random.rand(n_hidden, n_output),
            "b2": np.random.rand(n_output),
        }

    def predict(self, x):
        self.z1 = 1 / (1 + np.exp(-(x @ self.params["W1"] + self.params["b1"])))
        return self.z1 @ self.params["W2"] + self.params["b2"]

    def loss(self, x, t):
        return 0.5 * np.sum((self.predict(x) - t) ** 2) / len(x)

    def gradient(self, x, t):
        da2 = (self.predict(x) - t) / len(x)
        dz1 = da2 @ self.params["W2"].T
        da1 = dz1 * self.z1 * (1 - self.z1)
        return {"W1": x.T @ da1, "b1": da1.sum(0), "W2": self.z1.T @ da2, "b2": da2.sum(0)}
