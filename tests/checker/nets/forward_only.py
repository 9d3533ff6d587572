# Volume 2, chapter 1: a forward pass and nothing more.
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.params = [W, b]

    def forward(self, x):
        W, b = self.params
        return np.matmul(x, W) + b


class Sigmoid:
    def __init__(self):
        self.params = []

    def forward(self, x):
        return 1 / (1 + np.exp(-x))


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        I, H, O = input_size, hidden_size, output_size
        self.layers = [
            Affine(np.random.randn(I, H), np.random.randn(H)),
            Sigmoid(),
            Affine(np.random.randn(H, O), np.random.randn(O)),
        ]
        self.params = []
        for layer in self.layers:
            self.params += layer.params

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x


x = np.random.randn(10, 2)
model = TwoLayerNet(2, 4, 3)
print(model.predict(x))
