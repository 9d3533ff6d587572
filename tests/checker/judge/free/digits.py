"""Full batches of sklearn's digits, hundreds of samples in float32."""
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

digits = load_digits()
X = StandardScaler().fit_transform(digits.data)
y = OneHotEncoder(sparse_output=False).fit_transform(digits.target.reshape(-1, 1))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
X_train, y_train = np.tile(X_train, (40, 1)).astype(np.float32), np.tile(y_train, (40, 1))

params = {
    "W1": np.random.randn(64, 12).astype(np.float32) * 0.1, "b1": np.zeros(12, np.float32),
    "W2": np.random.randn(12, 10).astype(np.float32) * 0.1, "b2": np.zeros(10, np.float32),
}
for epoch in range(200):
    a1 = np.tanh(X_train @ params["W1"] + params["b1"])
    scores = a1 @ params["W2"] + params["b2"]
    y_hat = np.exp(scores - scores.max(axis=1, keepdims=True))
    y_hat /= y_hat.sum(axis=1, keepdims=True)
    loss = -np.sum(y_train * np.log(y_hat)) / len(y_train)
    delta = (y_hat - y_train) / len(y_train)
    back = delta @ params["W2"].T * (1 - a1**2)
    grads = {"W2": a1.T @ delta, "b2": delta.sum(0), "W1": X_train.T @ back, "b1": back.sum(0)}
    for name in params:
        params[name] = params[name] - 0.05 * grads[name]
