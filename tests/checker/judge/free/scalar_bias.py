import numpy as np

# XOR, examples are the columns, one bias number per layer
x = np.array([[0, 0, 1, 1],
              [0, 1, 0, 1]])
y = np.array([[0, 1, 1, 0]])

np.random.seed(2)
w1 = np.random.randn(3, 2)
w2 = np.random.randn(1, 3)
b1 = 0.1
b2 = -0.2
lr = 1.0
losses = []


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


for i in range(10000):
    z1 = np.dot(w1, x) + b1
    a1 = sigmoid(z1)
    z2 = np.dot(w2, a1) + b2
    a2 = sigmoid(z2)

    loss = 0.5 * np.sum((a2 - y) ** 2)
    losses.append(loss)

    dz2 = (a2 - y) * a2 * (1 - a2)
    dw2 = np.dot(dz2, a1.T)
    db2 = np.sum(dz2)
    da1 = np.dot(w2.T, dz2)
    dz1 = da1 * a1 * (1 - a1)
    dw1 = np.dot(dz1, x.T)
    db1 = np.sum(dz1)

    w2 -= lr * dw2
    b2 -= lr * db2
    w1 -= lr * dw1
    b1 -= lr * db1

    if i % 1000 == 0:
        print("loss after", i, ":", loss)

print(np.round(a2, 3))
