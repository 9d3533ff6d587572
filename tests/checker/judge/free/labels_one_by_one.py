import numpy as np

# digits drawn by hand, 5 rows x 4 columns
ZERO = """
.##.
#..#
#..#
#..#
.##.
"""
ONE = """
..#.
.##.
..#.
..#.
.###
"""
TWO = """
###.
...#
.##.
#...
####
"""
SEVEN = """
####
...#
..#.
.#..
.#..
"""


def to_vec(s):
    return np.array([1.0 if c == '#' else 0.0 for c in s if c in '.#'])


digits = [to_vec(s) for s in (ZERO, ONE, TWO, SEVEN)]
names = ['0', '1', '2', '7']

np.random.seed(99)
n_in, n_hid, n_out = 20, 8, 4

w1 = np.random.uniform(-0.3, 0.3, (n_hid, n_in))
b1 = np.random.uniform(-0.3, 0.3, n_hid)
w2 = np.random.uniform(-0.3, 0.3, (n_out, n_hid))
b2 = np.random.uniform(-0.3, 0.3, n_out)


def forward(x):
    z1 = w1.dot(x) + b1
    h = 1 / (1 + np.exp(-z1))
    z2 = w2.dot(h) + b2
    e = np.exp(z2 - np.max(z2))
    p = e / np.sum(e)
    return z1, h, z2, p


def train_one(x, label, rate):
    global w1, b1, w2, b2
    z1, h, z2, p = forward(x)
    d2 = p.copy()
    d2[label] -= 1
    d1 = w2.T.dot(d2) * h * (1 - h)
    w2 = w2 - rate * np.outer(d2, h)
    b2 = b2 - rate * d2
    w1 = w1 - rate * np.outer(d1, x)
    b1 = b1 - rate * d1
    return -np.log(p[label])


for epoch in range(300):
    total = 0
    for label in range(4):
        noisy = digits[label] + np.random.normal(0, 0.2, n_in)
        total += train_one(noisy, label, 0.2)
    if epoch % 50 == 0:
        print('epoch', epoch, 'loss', total / 4)

for label in range(4):
    z1, h, z2, p = forward(digits[label])
    print(names[label], '->', names[np.argmax(p)], np.round(p, 2))
