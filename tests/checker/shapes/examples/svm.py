import numpy as np


class TwoLayerNet(object):
    """Affine, ReLU, affine, and a multi-class hinge loss."""

    def __init__(self, input_size, hidden_size, output_size, std=1e-2):
        self.params = {}
        self.params["W1"] = std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N = X.shape[0]
        a1 = X.dot(W1) + b1
        hidden = np.maximum(0, a1)
        scores = hidden.dot(W2) + b2
        if y is None:
            return scores

        correct = scores[np.arange(N), y].reshape(N, 1)
        margins = np.maximum(0, scores - correct + 1)
        margins[np.arange(N), y] = 0
        loss = np.sum(margins) / N
        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        dscores = np.zeros_like(scores)
        dscores[margins > 0] = 1
        dscores[np.arange(N), y] -= np.sum(margins > 0, axis=1)
        dscores /= N
        grads = {}
        grads["W2"] = hidden.T.dot(dscores) + 2 * reg * W2
        grads["b2"] = np.sum(dscores, axis=0)
        dhidden = dscores.dot(W2.T)
        dhidden[a1 <= 0] = 0
        grads["W1"] = X.T.dot(dhidden) + 2 * reg * W1
        grads["b1"] = np.sum(dhidden, axis=0)
        return loss, grads

    def predict(self, X):
        return self.loss(X).argmax(axis=1)
