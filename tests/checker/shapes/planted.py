"""The changes that make each mistake in each example of examples/: (id, quantity) → {old: new}.

id is None where no mistake of the catalogue gives the numbers: the quantity alone is named.
"""

from pathlib import Path

EXAMPLES = Path(__file__).parent / "examples"
Changes = dict[tuple[str | None, str], dict[str, str]]

CS231N_LAYERS: Changes = {
    ("bias-missing-forward", "affine_forward"): {"rows.dot(w) + b": "rows.dot(w)"},
    ("activation-missing", "relu_forward"): {"out = np.maximum(0, x)": "out = x"},
    ("activation-missing", "affine_relu_forward"): {
        "    return out, (fc_cache, relu_cache)": "    return a, (fc_cache, relu_cache)"
    },
    ("bias-grad-mean", "affine_backward db"): {"db = dout.sum(axis=0)": "db = dout.mean(axis=0)"},
    ("bias-grad-missing", "affine_backward db"): {
        "db = dout.sum(axis=0)": "db = np.zeros(b.shape)"
    },
    ("batch-mean-twice", "affine_backward dw"): {
        "T.dot(dout)": "T.dot(dout) / len(x)", "dout.sum(axis=0)": "dout.sum(axis=0) / len(x)",
    },
    ("gradient-sign", "affine_backward dx"): {
        "dout.dot(w.T)": "-dout.dot(w.T)", "T.dot(dout)": "T.dot(-dout)",
        "dout.sum(axis=0)": "-dout.sum(axis=0)",
    },
    (None, "affine_backward dx"): {"dout.dot(w.T).reshape": "(2 * dout).dot(w.T).reshape"},
    ("activation-grad-missing", "relu_backward"): {"dx = dout * (x > 0)": "dx = dout"},
    ("hidden-grad-is-activation", "relu_backward"): {"dout * (x > 0)": "dout * np.maximum(x, 0)"},
    ("relu-grad-of-gradient", "relu_backward"): {"dout * (x > 0)": "dout * (dout > 0)"},
    (None, "relu_backward"): {"dout * (x > 0)": "1.0 * (x > 0)"},
    ("activation-grad-missing", "affine_relu_backward dx"): {
        "    return affine_backward(da,": "    return affine_backward(dout,"
    },
    ("loss-sum", "softmax_loss loss"): {"probs[np.arange(N), y])) / N": "probs[np.arange(N), y]))"},
    ("softmax-axis", "softmax_loss loss"): {"*axis=1, keepdims=True": "axis=0, keepdims=True"},
    ("softmax-whole-batch", "softmax_loss dx"): {
        "np.sum(np.exp(shifted), axis=1, keepdims=True)": "np.sum(np.exp(shifted))",
        "np.max(x, axis=1, keepdims=True)": "np.max(x)",
    },
    ("double-softmax", "softmax_loss loss"): {
        "    N = x.shape[0]\n    loss = -np.sum(np.log(": "    N = x.shape[0]\n"
        "    probs = np.exp(probs) / np.sum(np.exp(probs), axis=1, keepdims=True)\n"
        "    loss = -np.sum(np.log("
    },
    ("sigmoid-before-softmax", "softmax_loss loss"): {
        "shifted = x - np.max(x, axis=1, keepdims=True)": "shifted = 1 / (1 + np.exp(-x))"
    },
    ("loss-arguments-swapped", "softmax_loss loss"): {
        "loss = -np.sum(np.log(probs[np.arange(N), y])) / N":
        "loss = -np.sum(probs * np.log(np.eye(x.shape[1])[y] + 1e-7)) / N"
    },
    ("batch-mean-missing", "softmax_loss dx"): {
        "dx = probs.copy()\n    dx[np.arange(N), y] -= 1\n    dx /= N":
        "dx = probs.copy()\n    dx[np.arange(N), y] -= 1"
    },
    ("batch-mean-twice", "softmax_loss dx"): {"-= 1\n    dx /= N": "-= 1\n    dx /= N * N"},
    ("target-not-subtracted", "softmax_loss dx"): {"    dx[np.arange(N), y] -= 1\n": ""},
    ("gradient-sign", "softmax_loss dx"): {"-= 1\n    dx /= N": "-= 1\n    dx /= -N"},
    ("output-grad-extra", "softmax_loss dx"): {
        "-= 1\n    dx /= N": "-= 1\n    dx *= probs * (1 - probs) / N"
    },
    ("loss-sum", "svm_loss loss"): {"np.sum(margins) / N": "np.sum(margins)"},
    ("batch-mean-missing", "svm_loss dx"): {"-= positive\n    dx /= N": "-= positive"},
    ("gradient-sign", "svm_loss dx"): {"-= positive\n    dx /= N": "-= positive\n    dx /= -N"},
    (None, "svm_loss dx"): {"-= positive": "-= 1"},
    ("mask", "svm_loss dx"): {"dx[margins > 0] = 1": "dx[...] = 1"},
    ("own class", "svm_loss loss"): {"    margins[np.arange(N), y] = 0\n": ""},
}  # fmt: skip

# Changes after which the code is still right, with the mistake of the note.
CS231N_NOTES: Changes = {
    ("inputs-mutated", "relu_backward"): {
        "dx = dout * (x > 0)": "dout[x <= 0] = 0\n    dx = dout"
    },
    ("relu-grad-at-zero", "relu_backward"): {"dout * (x > 0)": "dout * (x >= 0)"},
    ("softmax-overflow", "softmax_loss"): {"x - np.max(x, axis=1, keepdims=True)": "x"},
    ("loss-log-epsilon", "softmax_loss"): {
        "np.log(probs[np.arange(N), y])": "np.log(probs[np.arange(N), y] + 1e-7)"
    },
    ("loss-sum", "softmax_loss"): {
        "probs[np.arange(N), y])) / N": "probs[np.arange(N), y]))", "-= 1\n    dx /= N": "-= 1",
    },
}  # fmt: skip

COLUMNS: Changes = {
    ("bias-missing-forward", "predict"): {"np.dot(W1, X) + b1": "np.dot(W1, X)"},
    ("bias-missing-output", "predict"): {"np.dot(W2, A1) + b2": "np.dot(W2, A1)"},
    ("activation-missing", "predict"): {"A1 = np.tanh(Z1)": "A1 = Z1"},
    ("loss-sum", "loss"): {"-np.sum(logprobs) / m": "-np.sum(logprobs)"},
    ("half", "loss"): {"np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)":
                       "np.multiply(np.log(A2), Y)"},
    ("batch-mean-missing", "gradient W1"): {"dZ2 = A2 - Y": "dZ2 = (A2 - Y) * m"},
    ("batch-mean-twice", "gradient W2"): {"dZ2 = A2 - Y": "dZ2 = (A2 - Y) / m"},
    ("target-not-subtracted", "gradient b2"): {"dZ2 = A2 - Y": "dZ2 = A2"},
    ("gradient-sign", "gradient b1"): {"dZ2 = A2 - Y": "dZ2 = Y - A2"},
    ("output-grad-extra", "gradient W1"): {"dZ2 = A2 - Y": "dZ2 = (A2 - Y) * A2 * (1 - A2)"},
    ("dw2-from-a1", "gradient W2"): {"np.dot(dZ2, A1.T)": "np.dot(dZ2, cache['Z1'].T)"},
    ("bias-grad-mean", "gradient b2"): {
        "np.sum(dZ2, axis=1, keepdims=True) / m": "np.mean(dZ2, axis=1, keepdims=True) / m",
        "np.sum(dZ1, axis=1, keepdims=True) / m": "np.mean(dZ1, axis=1, keepdims=True) / m",
    },
    ("bias-grad-missing", "gradient b1"): {
        "np.sum(dZ2, axis=1, keepdims=True) / m": "np.zeros((1, 1))",
        "np.sum(dZ1, axis=1, keepdims=True) / m": "np.zeros((len(W2.T), 1))",
    },
    ("activation-grad-missing", "gradient W1"): {" * (1 - np.power(A1, 2))": ""},
    ("hidden-grad-is-activation", "gradient W1"): {"(1 - np.power(A1, 2))": "A1"},
    ("sigmoid for tanh", "gradient W1"): {"(1 - np.power(A1, 2))": "(A1 * (1 - A1))"},
    ("bias-not-updated", "train"): {' - learning_rate * grads["db1"]': "",
                                    ' - learning_rate * grads["db2"]': ""},
    ("bias-updated-twice", "train"): {'learning_rate * grads["db1"]': '2 * learning_rate * grads["db1"]',
                                      ' - learning_rate * grads["db2"]': ""},
    ("update-sign", "train"): {"*- learning_rate *": "+ learning_rate *"},
    ("weight-shape", "construction"): {"np.random.randn(n_h, n_x)": "np.random.randn(n_h, n_h)"},
    ("inputs-mutated", "inputs"): {"    Z1 = np.dot(W1, X)": "    X -= X.mean()\n    Z1 = np.dot(W1, X)"},
    ("misspelt-name", "gradient"): {"dZ2 = A2 - Y": "dZ2 = A3 - Y"},
    ("sizes-of-samples", "layer_sizes n_x"): {"return X.shape[0]": "return X.shape[1]"},
    ("sizes-of-samples", "layer_sizes n_y"): {"4, Y.shape[0]": "4, len(Y.T)"},
    ("threshold-side", "predict classes"): {"A2 > 0.5": "A2 < 0.5"},
    ("threshold-low", "predict classes"): {"A2 > 0.5": "A2 > 0"},
    ("threshold-high", "predict classes"): {"return A2 > 0.5": "return np.argmax(A2, axis=0)"},
    ("update-unused", "nn_model W1"): {"        parameters = update_p": "        updated = update_p"},
    ("update-repeated", "nn_model b2"): {
        "update_parameters(parameters, grads)\n": "update_parameters(parameters, grads)\n"
        "        parameters = update_parameters(parameters, grads)\n"
    },
    ("gradient-stale", "nn_model W2"): {
        "        A2, cache = forward_propagation(X, parameters)\n        cost": "        cost",
        "    for i in": "    A2, cache = forward_propagation(X, parameters)\n"
        "    grads = backward_propagation(parameters, cache, X, Y)\n    for i in",
        "        grads = backward_propagation(parameters, cache, X, Y)\n        parameters":
        "        parameters",
    },
    ("restarted", "nn_model b2"): {
        "    for i in": "    for i in range(num_iterations):\n        parameters = initialize_parameters(n_x, n_h, n_y)\n    for j in",
        "    for j in range(num_iterations):\n": "",
    },
    ("hidden-ignored", "nn_model hidden units"): {"n_x, _, n_y = layer": "n_x, n_h, n_y = layer"},
    ("rate-ignored", "nn_model learning rate"): {"num_iterations=10000, p": "num_iterations=10000, learning_rate=1.2, p"},
}  # fmt: skip
COLUMNS_NOTES: Changes = {("loss-log-epsilon", "loss"): {"*np.log(A2)": "np.log(A2 + 1e-6)",
                                                         "np.log(1 - A2)": "np.log(1 - A2 + 1e-6)"}}  # fmt: skip

ROWS: Changes = {
    ("bias-missing-forward", "predict"): {"X @ W1 + b1": "X @ W1"},
    ("bias-missing-output", "predict"): {"A1 @ W2 + b2": "A1 @ W2"},
    ("activation-missing", "predict"): {"A1 = np.maximum(Z1, 0)": "A1 = Z1"},
    ("softmax-axis", "predict"): {"*axis=1": "axis=0"},
    ("softmax-whole-batch", "predict"): {"exp / exp.sum(axis=1, keepdims=True)": "exp / exp.sum()",
                                         "Z2.max(axis=1, keepdims=True)": "Z2.max()"},
    ("sigmoid-before-softmax", "predict"): {"Z2 - Z2.max(axis=1, keepdims=True)": "1 / (1 + np.exp(-Z2))"},
    ("double-softmax", "predict"): {
        "    return Z1, A1, Z2": "    y_hat = np.exp(y_hat) / np.exp(y_hat).sum(axis=1, keepdims=True)\n"
        "    return Z1, A1, Z2"
    },
    ("loss-sum", "loss"): {"np.log(y_hat)) / len(Y)": "np.log(y_hat))"},
    ("loss-arguments-swapped", "loss"): {"Y * np.log(y_hat)": "y_hat * np.log(Y + 1e-7)"},
    ("batch-mean-missing", "gradient W1"): {"(y_hat - Y) / len(X)": "y_hat - Y"},
    ("batch-mean-twice", "gradient W2"): {"(y_hat - Y) / len(X)": "(y_hat - Y) / len(X) ** 2"},
    ("target-not-subtracted", "gradient b2"): {"(y_hat - Y) / len(X)": "y_hat / len(X)"},
    ("gradient-sign", "gradient b1"): {"(y_hat - Y) / len(X)": "(Y - y_hat) / len(X)"},
    ("output-grad-extra", "gradient W1"): {"(y_hat - Y) /": "(y_hat - Y) * y_hat * (1 - y_hat) /"},
    ("dw2-from-a1", "gradient W2"): {"A1.T @ dZ2": "Z1.T @ dZ2"},
    ("bias-grad-mean", "gradient b2"): {"dZ2.sum(": "dZ2.mean(", "dZ1.sum(": "dZ1.mean("},
    ("bias-grad-missing", "gradient b1"): {"dZ2.sum(": "0 * dZ2.sum(", "dZ1.sum(": "0 * dZ1.sum("},
    ("activation-grad-missing", "gradient W1"): {"dA1 * (Z1 > 0)": "dA1"},
    ("hidden-grad-is-activation", "gradient W1"): {"dA1 * (Z1 > 0)": "dA1 * A1"},
    ("relu-grad-of-gradient", "gradient W1"): {"dA1 * (Z1 > 0)": "dA1 * (dA1 > 0)"},
    ("bias-not-updated", "train"): {"b1 - lr * db1": "b1", "b2 - lr * db2": "b2"},
    ("bias-updated-twice", "train"): {"b1 - lr * db1": "b1 - 2 * lr * db1", "b2 - lr * db2": "b2"},
    ("update-sign", "train"): {"*- lr *": "+ lr *"},
    ("weight-shape", "construction"): {"randn(n_hidden, n_out)": "randn(n_out, n_out)"},
    ("inputs-mutated", "inputs"): {"    Z1 = X @ W1": "    X -= X.mean(axis=0)\n    Z1 = X @ W1"},
}  # fmt: skip
ROWS_NOTES: Changes = {
    ("relu-grad-at-zero", "gradient"): {"(Z1 > 0)": "(Z1 >= 0)"},
    ("softmax-overflow", "softmax"): {"Z2 - Z2.max(axis=1, keepdims=True)": "Z2"},
    ("loss-log-epsilon", "loss"): {"np.log(y_hat)": "np.log(y_hat + 1e-7)"},
    ("one-hot-only", "loss"): {},
}  # fmt: skip

LAYERS: Changes = {
    ("bias-missing-forward", "Affine out"): {"np.dot(x, self.W) + self.b": "np.dot(x, self.W)"},
    ("activation-missing", "Relu out"): {"        out[self.mask] = 0\n": ""},
    ("activation-missing", "Sigmoid out"): {"        return self.out\n\n    def": "        return x\n\n    def"},
    ("bias-grad-mean", "Affine db"): {"np.sum(dout, axis=0)": "np.mean(dout, axis=0)"},
    ("bias-grad-missing", "Affine db"): {"np.sum(dout, axis=0)": "np.zeros_like(self.b)"},
    ("batch-mean-twice", "Affine dw"): {"np.dot(self.x.T, dout)": "np.dot(self.x.T, dout) / len(dout)",
                                        "np.sum(dout, axis=0)": "np.sum(dout, axis=0) / len(dout)"},
    ("stale-gradient", "Affine dw"): {"self.dW = np": "self.dW += np", "self.db = np": "self.db += np"},
    ("stale-gradient", "Affine db"): {"self.db = np": "self.db += np"},
    ("transpose", "Affine dx"): {"np.dot(dout, self.W.T)": "np.dot(dout, np.abs(self.W.T))"},
    ("activation-grad-missing", "Relu dx"): {"        dout[self.mask] = 0\n": ""},
    ("hidden-grad-is-activation", "Relu dx"): {
        "        dout[self.mask] = 0\n": "        dout = dout * self.out\n",
        "        out[self.mask] = 0\n": "        out[self.mask] = 0\n        self.out = out\n",
    },
    ("relu-grad-of-gradient", "Relu dx"): {"dout[self.mask] = 0": "dout[dout <= 0] = 0"},
    ("activation-grad-missing", "Sigmoid dx"): {"dout * self.out * (1.0 - self.out)": "dout"},
    ("hidden-grad-is-activation", "Sigmoid dx"): {"dout * self.out * (1.0 - self.out)": "dout * self.out"},
    ("sigmoid-grad-of-output", "Sigmoid dx"): {
        "        return dout * self.out * (1.0 - self.out)":
        "        s = 1 / (1 + np.exp(-self.out))\n        return dout * s * (1.0 - s)"
    },
    ("softmax-axis", "SoftmaxWithLoss loss"): {"*axis=-1": "axis=0"},
    ("softmax-whole-batch", "SoftmaxWithLoss dx"): {"e.sum(axis=-1, keepdims=True)": "e.sum()",
                                                    "a.max(axis=-1, keepdims=True)": "a.max()"},
    ("double-softmax", "SoftmaxWithLoss loss"): {"softmax(x)\n": "softmax(softmax(x))\n"},
    ("sigmoid-before-softmax", "SoftmaxWithLoss loss"): {"softmax(x)\n": "softmax(1 / (1 + np.exp(-x)))\n"},
    ("loss-sum", "SoftmaxWithLoss loss"): {"np.log(self.y)) / len(x)": "np.log(self.y))"},
    ("loss-arguments-swapped", "SoftmaxWithLoss loss"): {"self.t * np.log(self.y)": "self.y * np.log(self.t + 1e-7)"},
    ("batch-mean-missing", "SoftmaxWithLoss dx"): {"(self.y - self.t) / len(self.t)": "self.y - self.t"},
    ("batch-mean-twice", "SoftmaxWithLoss dx"): {"/ len(self.t)": "/ len(self.t) ** 2"},
    ("target-not-subtracted", "SoftmaxWithLoss dx"): {"(self.y - self.t)": "self.y"},
    ("gradient-sign", "SoftmaxWithLoss dx"): {"(self.y - self.t)": "(self.t - self.y)"},
    ("output-grad-extra", "SoftmaxWithLoss dx"): {"(self.y - self.t)": "(self.y - self.t) * self.y * (1 - self.y)"},
}  # fmt: skip
LAYERS_NOTES: Changes = {
    ("relu-grad-at-zero", "Relu"): {"x <= 0": "x < 0"},
    ("loss-log-epsilon", "SoftmaxWithLoss"): {"np.log(self.y)": "np.log(self.y + 1e-7)"},
    ("softmax-overflow", "softmax"): {"a - a.max(axis=-1, keepdims=True)": "a"},
}  # fmt: skip

LINEAR: Changes = {
    ("activation-missing", "predict"): {"F.relu(self.fc1(x))": "self.fc1(x)"},
    ("double-softmax", "loss"): {"return self.fc2(h)": "return F.softmax(self.fc2(h), dim=1)"},
    ("sigmoid-before-softmax", "loss"): {"return self.fc2(h)": "return torch.sigmoid(self.fc2(h))"},
    ("misspelt-name", "predict"): {"self.fc2(h)": "self.fc3(h)"},
    ("weight-shape", "construction"): {"nn.Linear(hidden_size, num": "nn.Linear(input_size, num"},
}  # fmt: skip
BARE: Changes = {
    ("bias-missing-forward", "predict"): {"x @ self.W1 + self.b1": "x @ self.W1"},
    ("bias-missing-output", "predict"): {"z1 @ self.W2 + self.b2": "z1 @ self.W2"},
    ("activation-missing", "predict"): {"torch.sigmoid(x @ self.W1 + self.b1)": "x @ self.W1 + self.b1"},
    ("softmax-axis", "predict"): {"dim=1": "dim=0"},
    ("weight-shape", "construction"): {"randn(n_in, n_hidden)": "randn(n_in, n_out)"},
}  # fmt: skip

DEEP: Changes = {
    ("bias-missing-forward", "linear_forward Z"): {"np.dot(W, A) + b": "np.dot(W, A)"},
    ("activation-missing", "linear_activation_forward relu"): {"A, activation_cache = relu(Z)": "A, activation_cache = Z, Z"},
    ("activation-missing", "linear_activation_forward sigmoid"): {
        "A, activation_cache = sigmoid(Z)": "A, activation_cache = Z, Z"
    },
    ("sigmoid for relu", "linear_activation_forward relu"): {"= relu(Z)": "= sigmoid(Z)"},
    ("loss-sum", "loss"): {"np.log(1 - AL)) / m": "np.log(1 - AL))"},
    ("half", "loss"): {"Y * np.log(AL) + (1 - Y) * np.log(1 - AL)": "Y * np.log(AL)"},
    ("batch-mean-missing", "gradient W1"): {"A_prev.T) / m": "A_prev.T)", "keepdims=True) / m": "keepdims=True)"},
    ("batch-mean-twice", "linear_backward dW"): {"A_prev.T) / m": "A_prev.T) / m / m",
                                                 "keepdims=True) / m": "keepdims=True) / m / m"},
    ("gradient-sign", "gradient W1"): {"dA = -(Y / AL": "dA = (Y / AL"},
    ("gradient-sign", "linear_backward dW"): {"np.dot(dZ, A_prev.T)": "-np.dot(dZ, A_prev.T)",
                                              "db = np.sum": "db = -np.sum", "np.dot(W.T, dZ)": "-np.dot(W.T, dZ)"},
    ("output-grad-extra", "gradient W1"): {"dA = -(Y / AL - (1 - Y) / (1 - AL))": "dA = AL - Y"},
    ("bias-grad-mean", "linear_backward db"): {"np.sum(dZ, axis=1, keepdims=True) / m": "np.mean(dZ, axis=1, keepdims=True) / m"},
    ("bias-grad-missing", "linear_backward db"): {"np.sum(dZ, axis=1, keepdims=True) / m": "np.zeros(b.shape)"},
    ("batch-mean-missing", "linear_backward dW"): {"A_prev.T) / m": "A_prev.T)"},
    (None, "linear_backward db"): {"np.sum(dZ, axis=1": "np.sum(dZ, axis=0"},
    ("activation-grad-missing", "relu_backward"): {"    dZ[cache <= 0] = 0\n": ""},
    ("hidden-grad-is-activation", "relu_backward"): {"    dZ[cache <= 0] = 0\n": "    dZ = dA * np.maximum(cache, 0)\n"},
    ("relu-grad-of-gradient", "relu_backward"): {"dZ[cache <= 0]": "dZ[dA <= 0]"},
    ("activation-grad-missing", "sigmoid_backward"): {"return dA * s * (1 - s)": "return dA"},
    ("hidden-grad-is-activation", "sigmoid_backward"): {"return dA * s * (1 - s)": "return dA * s"},
    ("sigmoid-grad-of-output", "sigmoid_backward"): {"return A, Z": "return A, A"},
    ("activation-grad-missing", "linear_activation_backward relu dW"): {"dZ = relu_backward(dA, activation_cache)": "dZ = dA"},
    ("activation-grad-missing", "linear_activation_backward sigmoid db"): {"dZ = sigmoid_backward(dA, activation_cache)": "dZ = dA"},
    ("three layers", "L_model_backward"): {'grads["dA" + str(l + 1)], caches': 'grads["dA" + str(L - 1)], caches'},
    ("unfinished", "gradient W1"): {"reversed(range(L - 1))": "reversed(range(1, L - 1))"},
    ("bias-not-updated", "train"): {'        parameters[b] = parameters[b] - learning_rate * grads["d" + b]\n': ""},
    ("update-sign", "train"): {"*- learning_rate *": "+ learning_rate *"},
    ("weight-shape", "construction"): {"np.random.randn(n_h, n_x)": "np.random.randn(n_h, n_h)"},
    ("inputs-mutated", "inputs"): {"    caches = []\n": "    caches = []\n    X -= X.mean()\n"},
    ("misspelt-name", "linear_backward"): {"np.dot(W.T, dZ)": "np.dot(W.T, dz)"},
}  # fmt: skip
DEEP_NOTES: Changes = {
    ("loss-log-epsilon", "loss"): {
        "np.log(AL)": "np.log(AL + 1e-6)",
        "np.log(1 - AL)": "np.log(1 - AL + 1e-6)",
    },
}

SVM: Changes = {
    ("bias-missing-forward", "predict"): {"X.dot(W1) + b1": "X.dot(W1)"},
    ("bias-missing-output", "predict"): {"hidden.dot(W2) + b2": "hidden.dot(W2)"},
    ("activation-missing", "predict"): {"np.maximum(0, a1)": "a1"},
    ("loss-sum", "loss"): {"np.sum(margins) / N": "np.sum(margins)"},
    ("batch-mean-missing", "gradient W1"): {"        dscores /= N\n": ""},
    ("batch-mean-twice", "gradient W2"): {"dscores /= N": "dscores /= N * N"},
    ("gradient-sign", "gradient b2"): {"dscores /= N": "dscores /= -N"},
    ("dw2-from-a1", "gradient W2"): {"hidden.T.dot": "a1.T.dot"},
    ("bias-grad-mean", "gradient b1"): {"np.sum(dscores, axis=0)": "np.mean(dscores, axis=0)",
                                        "np.sum(dhidden, axis=0)": "np.mean(dhidden, axis=0)"},
    ("bias-grad-missing", "gradient b2"): {"np.sum(dscores, axis=0)": "np.zeros(b2.shape)",
                                           "np.sum(dhidden, axis=0)": "np.zeros(b1.shape)"},
    ("activation-grad-missing", "gradient W1"): {"        dhidden[a1 <= 0] = 0\n": ""},
    ("hidden-grad-is-activation", "gradient W1"): {"dhidden[a1 <= 0] = 0": "dhidden *= hidden"},
    ("relu-grad-of-gradient", "gradient W1"): {"dhidden[a1 <= 0] = 0": "dhidden[dhidden <= 0] = 0"},
    ("own class", "loss"): {"        margins[np.arange(N), y] = 0\n": ""},
    ("correct class", "gradient W2"): {"-= np.sum(margins > 0, axis=1)": "-= 1"},
    ("misspelt-name", "loss"): {"scores - correct": "scores - corect"},
}  # fmt: skip

WRONG = {
    "svm": SVM,
    "deep": DEEP,
    "cs231n_layers": CS231N_LAYERS,
    "columns": COLUMNS,
    "rows": ROWS,
    "layers": LAYERS,
    "linear": LINEAR,
    "bare": BARE,
}
NOTED = {
    "deep": DEEP_NOTES,
    "cs231n_layers": CS231N_NOTES,
    "columns": COLUMNS_NOTES,
    "rows": ROWS_NOTES,
    "layers": LAYERS_NOTES,
}


def change_example(example: str, changes: dict[str, str]) -> str:
    """Return the source of an example with these changes; fail if an old text is not found.

    A "*" before the old text replaces every occurrence, otherwise only the first is replaced.
    """
    source = (EXAMPLES / f"{example}.py").read_text()
    for old, new in changes.items():
        count, text = (-1, old[1:]) if old.startswith("*") else (1, old)
        assert text in source, (example, text)
        source = source.replace(text, new, count)
    return source


def list_cases(table: dict[str, Changes]) -> list[tuple[str, str | None, str, dict[str, str]]]:
    """Return (example, id, quantity, changes) of a table."""
    return [(example, slug, quantity, changes) for example, changes_of in table.items()
            for (slug, quantity), changes in changes_of.items()]  # fmt: skip


def name_case(case: tuple[str, str | None, str, dict[str, str]]) -> str:
    """Return the id of a case for pytest."""
    return "-".join(str(part) for part in case[:3])
