import numpy as np

# bias trick: the last row of every weight matrix is the bias


def sigm(z):
    return 1.0 / (1.0 + np.exp(-z))


def add_ones(A):
    return np.hstack([A, np.ones((A.shape[0], 1))])


class MLP:
    def __init__(self, layers, seed=0):
        r = np.random.RandomState(seed)
        self.W1 = r.uniform(-1, 1, (layers[0] + 1, layers[1]))
        self.W2 = r.uniform(-1, 1, (layers[1] + 1, layers[2]))
        self.W3 = r.uniform(-1, 1, (layers[2] + 1, layers[3]))

    def forward(self, X):
        self.A0 = add_ones(X)
        self.A1 = add_ones(sigm(self.A0 @ self.W1))
        self.A2 = add_ones(sigm(self.A1 @ self.W2))
        self.out = sigm(self.A2 @ self.W3)
        return self.out

    def train(self, X, Y, lr=0.5, rounds=5000):
        for r in range(rounds):
            O = self.forward(X)
            E = O - Y
            if r % 1000 == 0:
                print("round", r, "loss", 0.5 * np.sum(E ** 2))
            D3 = E * O * (1 - O)
            D2 = D3 @ self.W3[:-1, :].T * self.A2[:, :-1] * (1 - self.A2[:, :-1])
            D1 = D2 @ self.W2[:-1, :].T * self.A1[:, :-1] * (1 - self.A1[:, :-1])
            self.W3 -= lr * self.A2.T @ D3
            self.W2 -= lr * self.A1.T @ D2
            self.W1 -= lr * self.A0.T @ D1


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
# two outputs: xor, and
Y = np.array([[0, 0], [1, 0], [1, 0], [0, 1]], dtype=float)
net = MLP([2, 5, 4, 2], seed=3)
net.train(X, Y)
print(np.round(net.forward(X), 3))
