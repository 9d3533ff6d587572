import numpy as np

# five hidden layers, leaky relu, no biases in the first version... added them later
rng = np.random.default_rng(3)

sizes = [3, 16, 16, 12, 12, 8, 1]
ALPHA = 0.01

Ws = []
bs = []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    Ws.append(rng.normal(size=(n_in, n_out)) * np.sqrt(2.0 / n_in))
    bs.append(np.zeros(n_out))


def lrelu(z):
    return np.where(z > 0, z, ALPHA * z)


def lrelu_grad(z):
    g = np.ones_like(z)
    g[z < 0] = ALPHA
    return g


def forward(x):
    acts = [x]
    pre = []
    last = len(Ws) - 1
    for i in range(len(Ws)):
        z = acts[-1] @ Ws[i] + bs[i]
        pre.append(z)
        acts.append(z if i == last else lrelu(z))
    return pre, acts


def backward(pre, acts, target):
    n = target.shape[0]
    delta = (acts[-1] - target) / n
    gW = [None] * len(Ws)
    gb = [None] * len(Ws)
    for i in range(len(Ws) - 1, -1, -1):
        gW[i] = acts[i].T @ delta
        gb[i] = delta.sum(0)
        if i > 0:
            delta = (delta @ Ws[i].T) * lrelu_grad(pre[i - 1])
    return gW, gb


def loss_fn(pred, target):
    return 0.5 * np.mean(np.sum((pred - target) ** 2, axis=1))


X = rng.uniform(-1, 1, (128, 3))
T = (X[:, :1] * X[:, 1:2] + np.abs(X[:, 2:3]))

lr = 0.03
for step in range(2000):
    pre, acts = forward(X)
    gW, gb = backward(pre, acts, T)
    for i in range(len(Ws)):
        Ws[i] -= lr * gW[i]
        bs[i] -= lr * gb[i]
    if step % 400 == 0:
        print("step", step, "loss", loss_fn(acts[-1], T))
print("final", loss_fn(forward(X)[1][-1], T))
