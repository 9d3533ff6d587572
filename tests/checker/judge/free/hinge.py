"""
Multiclass SVM loss on top of one hidden layer.
"""
import numpy as np

np.random.seed(5)


class SVMNet:
    def __init__(self, D, H, C):
        self.W1 = np.random.randn(D, H) * np.sqrt(2.0 / D)
        self.b1 = np.zeros(H)
        self.W2 = np.random.randn(H, C) * np.sqrt(1.0 / H)
        self.b2 = np.zeros(C)

    def scores(self, X):
        self.z1 = X.dot(self.W1) + self.b1
        self.a1 = np.maximum(self.z1, 0)
        return self.a1.dot(self.W2) + self.b2

    def svm_loss(self, s, y):
        n = s.shape[0]
        correct = s[np.arange(n), y][:, None]
        margins = np.maximum(0, s - correct + 1.0)
        margins[np.arange(n), y] = 0
        loss = margins.sum() / n

        ds = (margins > 0).astype(float)
        row_sum = ds.sum(axis=1)
        ds[np.arange(n), y] -= row_sum
        ds /= n
        return loss, ds

    def backward(self, X, ds):
        dW2 = self.a1.T.dot(ds)
        db2 = ds.sum(axis=0)
        da1 = ds.dot(self.W2.T)
        dz1 = da1 * (self.z1 > 0)
        dW1 = X.T.dot(dz1)
        db1 = dz1.sum(axis=0)
        return dW1, db1, dW2, db2

    def fit(self, X, y, lr=0.1, epochs=300):
        for ep in range(epochs):
            s = self.scores(X)
            loss, ds = self.svm_loss(s, y)
            dW1, db1, dW2, db2 = self.backward(X, ds)
            self.W1 -= lr * dW1
            self.b1 -= lr * db1
            self.W2 -= lr * dW2
            self.b2 -= lr * db2
            if ep % 50 == 0:
                print("epoch", ep, "hinge loss %.4f" % loss)


centers = np.array([[0, 0], [3, 3], [0, 4], [4, -1]])
y = np.random.randint(0, 4, 200)
X = centers[y] + np.random.randn(200, 2)
X = (X - X.mean(0)) / X.std(0)

net = SVMNet(2, 20, 4)
net.fit(X, y)
print("acc", (net.scores(X).argmax(1) == y).mean())
