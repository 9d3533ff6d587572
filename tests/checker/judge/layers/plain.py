"""Layers as functions, in the manner of a course."""

import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db


def leaky_forward(x, slope=0.1):
    return np.where(x > 0, x, slope * x), x


def leaky_backward(dout, cache, slope=0.1):
    return np.where(cache > 0, dout, slope * dout)


def layernorm_forward(x, gamma, beta):
    mu = x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    normal = (x - mu) / std
    return gamma * normal + beta, (normal, std, gamma)


def layernorm_backward(dout, cache):
    normal, std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normal).sum(axis=0)
    dn = dout * gamma
    mean = dn.mean(axis=1, keepdims=True)
    dx = (dn - mean - normal * (dn * normal).mean(axis=1, keepdims=True)) / std
    return dx, dgamma, dbeta


def conv_forward(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, _, height, width = padded.shape
    F, _, h, k = w.shape
    rows, columns = (height - h) // stride + 1, (width - k) // stride + 1
    out = np.zeros((N, F, rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = padded[:, :, i * stride : i * stride + h, j * stride : j * stride + k]
            out[:, :, i, j] = np.tensordot(part, w, ([1, 2, 3], [1, 2, 3])) + b
    return out, (padded, w, b, conv_param)


def conv_backward(dout, cache):
    padded, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    h, k = w.shape[2:]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * stride, i * stride + h), slice(j * stride, j * stride + k)
            dw += np.tensordot(dout[:, :, i, j], padded[:, :, rows, columns], ([0], [0]))
            dpadded[:, :, rows, columns] += np.tensordot(dout[:, :, i, j], w, ([1], [0]))
    dx = dpadded[:, :, pad:-pad, pad:-pad]
    return dx, dw, db


def svm_loss(x, y):
    N = x.shape[0]
    right = x[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, x - right + 1.0)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N
    dx = (margins > 0).astype(float)
    dx[np.arange(N), y] -= dx.sum(axis=1)
    dx /= N
    return loss, dx
