# Chapter 4 before backpropagation: numerical_gradient alone, helpers of its own beside it.
import os
import sys

sys.path.append(os.pardir)
from chapter4 import *


class twoLayerNet:
    def __init__(self, inputSize, hiddenSize, outputSize, weightInitStd=0.01):
        self.params = {
            "W1": weightInitStd * np.random.randn(inputSize, hiddenSize),
            "b1": np.zeros(hiddenSize),
            "W2": weightInitStd * np.random.randn(hiddenSize, outputSize),
            "b2": np.zeros(outputSize),
        }

    def predict(self, x):
        z1 = sigmoid(x @ self.params["W1"] + self.params["b1"])
        return softmax(z1 @ self.params["W2"] + self.params["b2"])

    def loss(self, x, t):
        return cross_entropy_error(self.predict(x), t)

    def accuracy(self, x, t):
        return np.mean(self.predict(x).argmax(axis=1) == t.argmax(axis=1))

    def NumericalGradient(self, x, t):
        grads = {}
        for key in self.params:
            grads[key] = numerical_gradient(lambda w: self.loss(x, t), self.params[key])
        return grads


net = twoLayerNet(784, 50, 10)
print(net.NumericalGradient(np.random.rand(100, 784), np.random.rand(100, 10)))
