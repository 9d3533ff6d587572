import numpy as np

# 3 layer net with (inverted) dropout, examples in columns


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def init(dims):
    np.random.seed(3)
    P = {}
    for l in range(1, len(dims)):
        P['W' + str(l)] = np.random.randn(dims[l], dims[l - 1]) * np.sqrt(2. / dims[l - 1])
        P['b' + str(l)] = np.zeros((dims[l], 1))
    return P


def forward_with_dropout(X, P, keep_prob, seed):
    rs = np.random.RandomState(seed)
    Z1 = P['W1'] @ X + P['b1']
    A1 = np.maximum(0, Z1)
    D1 = rs.rand(*A1.shape) < keep_prob
    A1 = A1 * D1 / keep_prob
    Z2 = P['W2'] @ A1 + P['b2']
    A2 = np.maximum(0, Z2)
    D2 = rs.rand(*A2.shape) < keep_prob
    A2 = A2 * D2 / keep_prob
    Z3 = P['W3'] @ A2 + P['b3']
    A3 = sigmoid(Z3)
    return A3, (Z1, D1, A1, Z2, D2, A2, Z3, A3)


def cost(A3, Y):
    return np.nansum(-Y * np.log(A3) - (1 - Y) * np.log(1 - A3)) / Y.shape[1]


def backward_with_dropout(X, Y, P, cache, keep_prob):
    m = X.shape[1]
    Z1, D1, A1, Z2, D2, A2, Z3, A3 = cache
    G = {}
    dZ3 = A3 - Y
    G['W3'] = 1. / m * dZ3 @ A2.T
    G['b3'] = 1. / m * dZ3.sum(axis=1, keepdims=True)
    dA2 = P['W3'].T @ dZ3
    dA2 = dA2 * D2
    dA2 = dA2 / keep_prob
    dZ2 = dA2 * (Z2 > 0)
    G['W2'] = 1. / m * dZ2 @ A1.T
    G['b2'] = 1. / m * dZ2.sum(axis=1, keepdims=True)
    dA1 = P['W2'].T @ dZ2
    dA1 = dA1 * D1
    dA1 = dA1 / keep_prob
    dZ1 = dA1 * (Z1 > 0)
    G['W1'] = 1. / m * dZ1 @ X.T
    G['b1'] = 1. / m * dZ1.sum(axis=1, keepdims=True)
    return G


def model(X, Y, keep_prob=0.86, alpha=0.1, iters=2000):
    P = init([X.shape[0], 20, 6, 1])
    for i in range(iters):
        A3, cache = forward_with_dropout(X, P, keep_prob, seed=i)
        G = backward_with_dropout(X, Y, P, cache, keep_prob)
        for k in P:
            P[k] = P[k] - alpha * G[k]
        if i % 500 == 0:
            print("cost after", i, ":", cost(A3, Y))
    return P


if __name__ == "__main__":
    rng = np.random.RandomState(0)
    X = rng.randn(2, 200)
    Y = (X[0:1] + 0.5 * np.sin(3 * X[1:2]) > 0).astype(int)
    P = model(X, Y)
    A3, _ = forward_with_dropout(X, P, 1.0, 0)
    print("accuracy", np.mean((A3 > 0.5) == Y))
