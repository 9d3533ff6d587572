# Python 2, with a tab here and there.
import numpy as np
import cPickle


class NeuralNet(object):
	def __init__(self, n_in, n_hidden, n_out, std=1e-2):
		self.W1 = std * np.random.randn(n_in, n_hidden)
		self.b1 = np.zeros((1, n_hidden))
		self.W2 = std * np.random.randn(n_hidden, n_out)
		self.b2 = np.zeros((1, n_out))

	def predict(self, X):
		hidden = np.tanh(X.dot(self.W1) + self.b1)
		exps = np.exp(hidden.dot(self.W2) + self.b2)
		return exps / np.sum(exps, axis=1, keepdims=True)

	def compute_loss(self, X, labels):
		probs = self.predict(X)
		logs = [np.log(probs[i, labels[i]]) for i in xrange(len(X))]
		print "loss of", len(X)
		return -sum(logs) / len(X)

	def backprop_gradient(self, X, labels):
		hidden = np.tanh(X.dot(self.W1) + self.b1)
		delta = self.predict(X)
		delta[xrange(len(X)), labels] -= 1
		delta /= len(X)
		back = delta.dot(self.W2.T) * (1 - np.power(hidden, 2))
		grads = {"W1": X.T.dot(back), "b1": np.sum(back, axis=0, keepdims=True)}
		grads["W2"], grads["b2"] = hidden.T.dot(delta), np.sum(delta, axis=0, keepdims=True)
		for key, value in grads.iteritems():
			assert value.ndim == 2
		return grads


print "training"
net = NeuralNet(784, 100, 10)
