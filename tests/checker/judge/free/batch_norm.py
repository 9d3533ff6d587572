import numpy as np

# batch norm from scratch, one hidden layer
np.random.seed(231)

EPS = 1e-5


def batchnorm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=0)
    ivar = 1.0 / np.sqrt(var + EPS)
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (xhat, gamma, xmu, ivar)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar ** 3
    dmu = -np.sum(dxhat * ivar, axis=0)
    dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N
    return dx, dgamma, dbeta


class Net:
    def __init__(self, d, h, c):
        self.params = {
            'W1': np.random.randn(d, h) / np.sqrt(d),
            'gamma': np.ones(h),
            'beta': np.zeros(h),
            'W2': np.random.randn(h, c) / np.sqrt(h),
            'b2': np.zeros(c),
        }

    def loss(self, X, y):
        p = self.params
        a = X.dot(p['W1'])
        bn, bn_cache = batchnorm_forward(a, p['gamma'], p['beta'])
        h = np.maximum(bn, 0)
        scores = h.dot(p['W2']) + p['b2']

        shifted = scores - scores.max(axis=1, keepdims=True)
        probs = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        N = X.shape[0]
        loss = -np.log(probs[np.arange(N), y]).mean()

        dscores = probs.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads = {}
        grads['W2'] = h.T.dot(dscores)
        grads['b2'] = dscores.sum(axis=0)
        dh = dscores.dot(p['W2'].T)
        dbn = dh * (bn > 0)
        da, grads['gamma'], grads['beta'] = batchnorm_backward(dbn, bn_cache)
        grads['W1'] = X.T.dot(da)
        return loss, grads


def train(net, X, y, lr=0.5, iters=500):
    for it in range(iters):
        loss, grads = net.loss(X, y)
        for k in net.params:
            net.params[k] -= lr * grads[k]
        if it % 100 == 0:
            print('iter %d loss %.4f' % (it, loss))


if __name__ == '__main__':
    y = np.random.randint(0, 3, 150)
    X = np.random.randn(150, 4) + 1.5 * np.eye(3, 4)[y] + 5
    net = Net(4, 16, 3)
    train(net, X, y)
