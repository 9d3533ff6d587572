"""The change of source that makes each mistake in each layout of nets/: id → {old text: new text}."""

from pathlib import Path

NETS = Path(__file__).parent / "nets"

# A "*" before the old text replaces every occurrence of it, otherwise only the first is replaced.
# None: the layout cannot show this mistake.
CHAPTER4 = {
    "bias-missing-forward": {"*np.dot(x, W1) + b1": "np.dot(x, W1)"},
    "bias-missing-output": {"*np.dot(z1, W2) + b2": "np.dot(z1, W2)"},
    "activation-missing": {"*z1 = sigmoid(a1)": "z1 = a1"},
    "float32-inside": {"*z1 = sigmoid(a1)": "z1 = sigmoid(a1.astype(np.float32))"},
    "sigmoid-before-softmax": {"*y = softmax(a2)": "y = softmax(sigmoid(a2))"},
    "softmax-axis": {
        "a.max(axis=1, keepdims=True)": "a.max(axis=0, keepdims=True)",
        "e.sum(axis=1, keepdims=True)": "e.sum(axis=0, keepdims=True)",
    },
    "softmax-whole-batch": {"if a.ndim == 2:": "if False:"},
    "softmax-overflow": {"np.exp(a - a.max(axis=1, keepdims=True))": "np.exp(a)"},
    "double-softmax": {"*y = softmax(a2)": "y = softmax(softmax(a2))"},
    "loss-sum": {"t])) / n": "t]))"},
    "loss-log-epsilon": {"np.arange(n), t]))": "np.arange(n), t] + 1e-7))"},
    "loss-arguments-swapped": {
        "cross_entropy_error(y, t)\n\n    def": "cross_entropy_error(t, y)\n\n    def",
        "    return -np.sum(np.log(y[np.arange(n), t])) / n": "    return -np.sum(t * np.log(y + 1e-7)) / n",
        "    if t.size == y.size:\n        t = t.argmax(axis=1)\n": "",
    },
    "batch-mean-missing": {"dy = (y - t) / batch_num": "dy = y - t"},
    "batch-mean-twice": {"dy = (y - t) / batch_num": "dy = (y - t) / batch_num / batch_num"},
    "target-not-subtracted": {"dy = (y - t) / batch_num": "dy = y / batch_num"},
    "gradient-sign": {"dy = (y - t) / batch_num": "dy = (t - y) / batch_num"},
    "output-grad-extra": {"dy = (y - t) / batch_num": "dy = (y - t) * y * (1 - y) / batch_num"},
    "dw2-from-a1": {"np.dot(z1.T, dy)": "np.dot(a1.T, dy)"},
    "bias-grad-mean": {"np.sum(dy, axis=0)": "np.mean(dy, axis=0)",
                       "np.sum(da1, axis=0)": "np.mean(da1, axis=0)"},
    "bias-grad-missing": {"np.sum(dy, axis=0)": "np.zeros_like(b2)",
                          "np.sum(da1, axis=0)": "np.zeros_like(b1)"},
    "sigmoid-grad-of-output": {"sigmoid_grad(a1) * dz1": "sigmoid_grad(z1) * dz1"},
    "activation-grad-missing": {"sigmoid_grad(a1) * dz1": "dz1"},
    "hidden-grad-is-activation": {"sigmoid_grad(a1) * dz1": "z1 * dz1"},
    "stale-gradient": {
        '        grads = {}\n        batch_num': '        grads = self.__dict__.setdefault("sums", {})\n        batch_num',
        'grads["W2"] = np.dot(z1.T, dy)': 'grads["W2"] = grads.get("W2", 0) + np.dot(z1.T, dy)',
        'grads["b2"] = np.sum(dy, axis=0)': 'grads["b2"] = grads.get("b2", 0) + np.sum(dy, axis=0)',
        'grads["W1"] = np.dot(x.T, da1)': 'grads["W1"] = grads.get("W1", 0) + np.dot(x.T, da1)',
        'grads["b1"] = np.sum(da1, axis=0)': 'grads["b1"] = grads.get("b1", 0) + np.sum(da1, axis=0)',
    },
    "bias-stored-twice": {'self.params["b2"] = np.zeros': 'self.params["b1"] = np.zeros'},
    "one-hot-only": {},
    "accuracy-count": {" / float(x.shape[0])": ""},
    "accuracy-axis": {"np.argmax(self.predict(x), axis=1)": "np.argmax(self.predict(x), axis=0)",
                      "t = np.argmax(t, axis=1)": "t = np.argmax(t, axis=0)"},
    "accuracy-of-itself": {"np.sum(y == t)": "np.sum(t == t)"},
    "inputs-mutated": {"    def predict(self, x):\n": "    def predict(self, x):\n        x -= x.mean(axis=0)\n",
                       "        # forward\n": "        x -= x.mean(axis=0)\n"},
    "numerical-one-sided": {"x[idx] = tmp - h": "x[idx] = tmp", "/ (2 * h)": "/ h"},
    "numerical-step": {"/ (2 * h)": "/ h"},
    "numerical-not-restored": {"        x[idx] = tmp\n    return grad": "    return grad"},
    "misspelt-name": {"        y = softmax(a2)\n        return y": "        y = softmx(a2)\n        return y"},
    "unfinished": {
        '        grads["b1"] = np.sum(da1, axis=0)\n        return grads': "        pass"
    },
    "weight-shape": {"randn(input_size, hidden_size)": "randn(input_size, output_size)"},
    "targets-mixed": {"    if t.size == y.size:\n        t = t.argmax(axis=1)\n": ""},
    "relu-grad-of-gradient": None, "relu-grad-at-zero": None, "mse-mean": None,
    "w2-updated-before-backward": None, "bias-not-updated": None, "bias-updated-twice": None,
    "update-sign": None, "labels-only": None,
}  # fmt: skip

CHAPTER5 = {
    "bias-missing-forward": {"np.dot(x, self.W) + self.b": "np.dot(x, self.W) + self.b * (len(self.b) == 3)"},
    "bias-missing-output": {"np.dot(x, self.W) + self.b": "np.dot(x, self.W) + self.b * (len(self.b) != 3)"},
    "activation-missing": {"        self.mask = x <= 0\n        out": "        self.mask = x < -np.inf\n        out"},
    "softmax-axis": {"*axis=1, keepdims=True": "axis=0, keepdims=True"},
    "softmax-whole-batch": {"np.sum(np.exp(x), axis=1, keepdims=True)": "np.sum(np.exp(x))",
                            "np.max(x, axis=1, keepdims=True)": "np.max(x)"},
    "softmax-overflow": {"    x = x - np.max(x, axis=1, keepdims=True)\n": ""},
    "double-softmax": {"self.y = softmax(x)": "self.y = softmax(softmax(x))"},
    "sigmoid-before-softmax": {"self.y = softmax(x)": "self.y = softmax(1 / (1 + np.exp(-x)))"},
    "loss-sum": {"+ 1e-7)) / batch_size": "+ 1e-7))"},
    "loss-log-epsilon": {},
    "batch-mean-missing": {"(self.y - self.t) / batch_size": "self.y - self.t",
                           "            dx = dx / batch_size\n": ""},
    "batch-mean-twice": {"        return dx\n\n\nclass TwoLayerNet": "        return dx / batch_size\n\n\nclass TwoLayerNet"},
    "target-not-subtracted": {"(self.y - self.t) / batch_size": "self.y / batch_size",
                              "            dx[np.arange(batch_size), self.t] -= 1\n": ""},
    "gradient-sign": {"        return dx\n\n\nclass TwoLayerNet": "        return -dx\n\n\nclass TwoLayerNet"},
    "output-grad-extra": {"        return dx\n\n\nclass TwoLayerNet": "        return dx * self.y * (1 - self.y)\n\n\nclass TwoLayerNet"},
    "bias-grad-mean": {"np.sum(dout, axis=0)": "np.mean(dout, axis=0)"},
    "bias-grad-missing": {"np.sum(dout, axis=0)": "np.zeros_like(self.b)"},
    "activation-grad-missing": {"        dout[self.mask] = 0\n": ""},
    "hidden-grad-is-activation": {"        dout[self.mask] = 0\n": "        dout = dout * self.out\n"},
    "relu-grad-of-gradient": {"        dout[self.mask] = 0\n": "        dout[dout <= 0] = 0\n"},
    "relu-grad-at-zero": {"self.mask = x <= 0": "self.mask = x < 0"},
    "stale-gradient": {"self.x = self.dW = self.db = None": "self.x, self.dW, self.db = None, 0, 0",
                       "self.dW = np.dot(self.x.T, dout)": "self.dW = self.dW + np.dot(self.x.T, dout)",
                       "self.db = np.sum(dout, axis=0)": "self.db = self.db + np.sum(dout, axis=0)"},
    "one-hot-only": {"        if self.t.size == self.y.size:\n": "        if True:\n"},
    "labels-only": {"        if self.t.size == self.y.size:\n": "        if False:\n"},
    "accuracy-count": {" / float(x.shape[0])": ""},
    "accuracy-of-itself": {"np.sum(y == t)": "np.sum(t == t)"},
    "inputs-mutated": {"    def predict(self, x):\n": "    def predict(self, x):\n        x -= x.mean(axis=0)\n"},
    "misspelt-name": {"self.layers[\"Affine1\"].db": "self.layers[\"Affine1\"].dB"},
    "unfinished": {'        grads["b2"] = self.layers["Affine2"].db\n        return grads': "        pass"},
    "weight-shape": {"randn(hidden_size, output_size)": "randn(output_size, output_size)"},
    "targets-mixed": {"    if t.size == y.size:\n        t = t.argmax(axis=1)\n": "",
                      "        if self.t.size == self.y.size:\n": "        if True:\n"},
}  # fmt: skip

CS231N = {
    "bias-missing-forward": {"X.dot(W1) + b1": "X.dot(W1)"},
    "bias-missing-output": {"hidden.dot(W2) + b2": "hidden.dot(W2)"},
    "softmax-axis": {"*axis=1, keepdims=True": "axis=0, keepdims=True"},
    "softmax-whole-batch": {"exps.sum(axis=1, keepdims=True)": "exps.sum()",
                            "scores.max(axis=1, keepdims=True)": "scores.max()"},
    "softmax-overflow": {"scores - scores.max(axis=1, keepdims=True)": "scores"},
    "double-softmax": {"probs = exps / exps.sum(axis=1, keepdims=True)":
                       "probs = exps / exps.sum(axis=1, keepdims=True)\n"
                       "        probs = np.exp(probs) / np.exp(probs).sum(axis=1, keepdims=True)"},
    "loss-sum": {"probs[range(N), y]).sum() / N": "probs[range(N), y]).sum()"},
    "loss-log-epsilon": {"np.log(probs[range(N), y])": "np.log(probs[range(N), y] + 1e-7)"},
    "batch-mean-missing": {"        dscores /= N\n": ""},
    "batch-mean-twice": {"        dscores /= N\n": "        dscores /= N * N\n"},
    "target-not-subtracted": {"        dscores[range(N), y] -= 1\n": ""},
    "dw2-from-a1": {"hidden.T.dot(dscores)": "a1.T.dot(dscores)"},
    "bias-grad-mean": {"np.sum(dscores, axis=0)": "np.mean(dscores, axis=0)",
                       "np.sum(dhidden, axis=0)": "np.mean(dhidden, axis=0)"},
    "activation-grad-missing": {"        dhidden[hidden <= 0] = 0\n": ""},
    "hidden-grad-is-activation": {"        dhidden[hidden <= 0] = 0\n": "        dhidden *= hidden\n"},
    "relu-grad-of-gradient": {"dhidden[hidden <= 0] = 0": "dhidden[dhidden <= 0] = 0"},
    "relu-grad-at-zero": {"dhidden[hidden <= 0] = 0": "dhidden[a1 < 0] = 0"},
    "labels-only": {},
    "bias-not-updated": {"for key in self.params:\n": "for key in (\"W1\", \"W2\"):\n"},
    "bias-updated-twice": {"for key in self.params:\n": "for key in (\"W1\", \"b1\", \"W2\", \"b1\"):\n"},
    "update-sign": {"self.params[key] -=": "self.params[key] +="},
    "bias-stored-twice": {'self.params["b2"] = np.zeros': 'self.params["b1"] = np.zeros'},
    "unfinished": {"        return loss, grads\n": ""},
    "misspelt-name": {"dhidden = dscores.dot(W2.T)": "dhidden = dscore.dot(W2.T)"},
    "inputs-mutated": {"        N, D = X.shape\n": "        N, D = X.shape\n        X -= X.mean(axis=0)\n"},
}  # fmt: skip

VOLUME2 = {
    "activation-grad-missing": {"dout * (1.0 - self.out) * self.out": "dout"},
    "hidden-grad-is-activation": {"dout * (1.0 - self.out) * self.out": "dout * self.out"},
    "sigmoid-grad-of-output": {"dout * (1.0 - self.out) * self.out":
                               "dout * (1 / (1 + np.exp(-self.out))) * (1 - 1 / (1 + np.exp(-self.out)))"},
    "softmax-whole-batch": {"e.sum(axis=1, keepdims=True)": "e.sum()", "x.max(axis=1, keepdims=True)": "x.max()"},
    "loss-sum": {"self.t])) / len(x)": "self.t]))"},
    "batch-mean-missing": {"dx * dout / len(dx)": "dx * dout"},
    "target-not-subtracted": {"        dx[np.arange(len(dx)), self.t] -= 1\n": ""},
    "bias-grad-mean": {"np.sum(dout, axis=0)": "np.mean(dout, axis=0)"},
    "stale-gradient": {"self.grads[0][...] =": "self.grads[0][...] +=", "self.grads[1][...] =": "self.grads[1][...] +="},
    "labels-only": {"t.argmax(axis=1) if t.ndim == 2 else t": "t"},
}  # fmt: skip

REGRESSION = {
    "mse-mean": {"0.5 * np.sum((self.predict(x) - t) ** 2) / len(x)": "np.mean((self.predict(x) - t) ** 2)"},
    "loss-sum": {" ** 2) / len(x)": " ** 2)"},
    "batch-mean-missing": {"(self.predict(x) - t) / len(x)": "self.predict(x) - t"},
    "gradient-sign": {"(self.predict(x) - t) / len(x)": "(t - self.predict(x)) / len(x)"},
    "output-grad-extra": {"da2 = (self.predict(x) - t) / len(x)":
                          "y = self.predict(x)\n        da2 = (y - t) * y * (1 - y) / len(x)"},
}  # fmt: skip

COLUMNS = {
    "bias-missing-forward": {"self.W1 @ X + self.b1": "self.W1 @ X"},
    "bias-missing-output": {"self.W2 @ self.A1 + self.b2": "self.W2 @ self.A1"},
    "activation-missing": {"np.maximum(0, self.Z1)": "self.Z1"},
    "softmax-axis": {"e.sum(axis=0, keepdims=True)": "e.sum(axis=1, keepdims=True)"},
    "loss-sum": {"-np.sum(Y * np.log(A2)) / m": "-np.sum(Y * np.log(A2))"},
    "batch-mean-missing": {"dZ2 = self.A2 - Y": "dZ2 = (self.A2 - Y) * m"},
    "batch-mean-twice": {"dZ2 = self.A2 - Y": "dZ2 = (self.A2 - Y) / m"},
    "gradient-sign": {"dZ2 = self.A2 - Y": "dZ2 = Y - self.A2"},
    "dw2-from-a1": {"dZ2 @ self.A1.T": "dZ2 @ self.Z1.T"},
    "bias-grad-mean": {"dZ2.sum(": "dZ2.mean(", "dZ1.sum(": "dZ1.mean("},
    "activation-grad-missing": {" * (self.Z1 > 0)": ""},
    "hidden-grad-is-activation": {" * (self.Z1 > 0)": " * self.A1"},
    "weight-shape": {"size=(n_y, n_h)": "size=(n_y, n_y)"},
    "misspelt-name": {"dZ2 = self.A2 - Y": "dZ2 = self.A3 - Y"},
    "bias-not-updated": {
        "        self.b1 -= lr * self.db1\n": "", "        self.b2 -= lr * self.db2\n": "",
    },
    "update-sign": {"*-= lr * self": "+= lr * self"},
}  # fmt: skip

UPDATING = {
    "bias-missing-forward": {"self.weights1 + self.bias1": "self.weights1"},
    "activation-missing": {"sigmoid(X @ self.weights1 + self.bias1)": "X @ self.weights1 + self.bias1"},
    "loss-sum": {".mean()": ".sum()"},
    "batch-mean-missing": {"        d_output /= len(y)\n": ""},
    "gradient-sign": {"d_output /= len(y)": "d_output /= -len(y)"},
    "bias-grad-mean": {"d_output.sum(": "d_output.mean(", "d_hidden.sum(": "d_hidden.mean("},
    "activation-grad-missing": {" * self.hidden * (1 - self.hidden)": ""},
    "hidden-grad-is-activation": {" * (1 - self.hidden)": ""},
    "target-not-subtracted": {"        d_output[np.arange(len(y)), y] -= 1\n": ""},
}  # fmt: skip

LAYOUTS = {
    "chapter4": CHAPTER4, "chapter5": CHAPTER5, "cs231n": CS231N, "volume2": VOLUME2,
    "regression": REGRESSION, "columns": COLUMNS, "updating": UPDATING,
}  # fmt: skip


def plant_mistakes(layout: str, *slugs: str) -> str:
    """Return the source of a layout with those mistakes; fail if an old text is not found."""
    source = (NETS / f"{layout}.py").read_text()
    for slug in slugs:
        for old, new in LAYOUTS[layout][slug].items():
            count, text = (-1, old[1:]) if old.startswith("*") else (1, old)
            assert text in source, (layout, slug, text)
            source = source.replace(text, new, count)
    return source


TABLE = [
    (layout, slug)
    for layout, table in LAYOUTS.items()
    for slug, changes in table.items()
    if changes is not None
]
