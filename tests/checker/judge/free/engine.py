"""An engine for derivatives of numbers, and a net of neurons that are objects."""

import math
import random


class Value:
    def __init__(self, data, children=()):
        self.data = data
        self.grad = 0.0
        self._back = lambda: None
        self._prev = children

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out._back = back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._back = back
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))

        def back():
            self.grad += (1 - t * t) * out.grad

        out._back = back
        return out

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for each in v._prev:
                    visit(each)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._back()


class Neuron:
    def __init__(self, n, is_last=False):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(n)]
        self.b = Value(0.1)
        self.is_last = is_last

    def __call__(self, x):
        s = self.b
        for w, each in zip(self.w, x):
            s = s + w * each
        return s if self.is_last else s.tanh()


class Net:
    def __init__(self, n_in, n_hidden):
        self.hidden = [Neuron(n_in) for _ in range(n_hidden)]
        self.out = Neuron(n_hidden, is_last=True)

    def __call__(self, x):
        return self.out([n(x) for n in self.hidden])

    def parameters(self):
        return [p for n in [*self.hidden, self.out] for p in [*n.w, n.b]]


random.seed(1)
data = [((0.5, -1.0), 1.0), ((-1.5, 0.3), -1.0), ((0.2, 0.9), -1.0)]
net = Net(2, 4)
for epoch in range(50):
    loss = Value(0.0)
    for x, t in data:
        error = net(x) + -t
        loss = loss + error * error
    for p in net.parameters():
        p.grad = 0.0
    loss.backward()
    for p in net.parameters():
        p.data -= 0.05 * p.grad
