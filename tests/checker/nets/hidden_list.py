# A list of hidden sizes, and a penalty.
from collections import OrderedDict

import numpy as np
from chapter5 import Affine, Relu, SoftmaxWithLoss


class MultiLayerNet:
    def __init__(
        self,
        input_size,
        hidden_size_list,
        output_size,
        activation="relu",
        weight_init_std="relu",
        weight_decay_lambda=0,
    ):
        self.hidden_layer_num = len(hidden_size_list)
        self.weight_decay_lambda = weight_decay_lambda
        self.params = {}
        sizes = [input_size] + hidden_size_list + [output_size]
        for i in range(1, len(sizes)):
            scale = np.sqrt(2.0 / sizes[i - 1])
            self.params["W" + str(i)] = scale * np.random.randn(sizes[i - 1], sizes[i])
            self.params["b" + str(i)] = np.zeros(sizes[i])
        self.layers = OrderedDict()
        for i in range(1, len(sizes)):
            self.layers["Affine" + str(i)] = Affine(
                self.params["W" + str(i)], self.params["b" + str(i)]
            )
            if i < len(sizes) - 1:
                self.layers["Relu" + str(i)] = Relu()
        self.last_layer = SoftmaxWithLoss()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        y = self.predict(x)
        decay = 0
        for i in range(1, self.hidden_layer_num + 2):
            decay += 0.5 * self.weight_decay_lambda * np.sum(self.params["W" + str(i)] ** 2)
        return self.last_layer.forward(y, t) + decay

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last_layer.backward(1)
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        grads = {}
        for i in range(1, self.hidden_layer_num + 2):
            layer = self.layers["Affine" + str(i)]
            grads["W" + str(i)] = layer.dW + self.weight_decay_lambda * layer.W
            grads["b" + str(i)] = layer.db
        return grads
