import numpy as np

# A small CNN: conv 3x3 -> relu -> softmax. Tiny 6x6 images with horizontal / vertical / diagonal lines


class Conv3x3:
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 3

    def iterate_regions(self, image):
        h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[i:(i + 3), j:(j + 3)], i, j

    def forward(self, input):
        self.last_input = input
        h, w = input.shape
        output = np.zeros((h - 2, w - 2, self.num_filters))
        for im_region, i, j in self.iterate_regions(input):
            output[i, j] = np.sum(im_region * self.filters, axis=(1, 2))
        self.last_output = output
        return np.maximum(output, 0)

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_out = d_L_d_out * (self.last_output > 0)
        d_L_d_filters = np.zeros(self.filters.shape)
        for im_region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * im_region
        self.filters -= learn_rate * d_L_d_filters
        return None


class Softmax:
    def __init__(self, input_len, nodes):
        self.weights = np.random.randn(input_len, nodes) / input_len
        self.biases = np.zeros(nodes)

    def forward(self, input):
        self.last_input_shape = input.shape
        input = input.flatten()
        self.last_input = input
        totals = np.dot(input, self.weights) + self.biases
        exp = np.exp(totals)
        self.last_totals = totals
        return exp / np.sum(exp, axis=0)

    def backprop(self, d_L_d_out, learn_rate):
        for i, gradient in enumerate(d_L_d_out):
            if gradient == 0:
                continue
            t_exp = np.exp(self.last_totals)
            S = np.sum(t_exp)

            # gradients of out[i] against totals
            d_out_d_t = -t_exp[i] * t_exp / (S ** 2)
            d_out_d_t[i] = t_exp[i] * (S - t_exp[i]) / (S ** 2)

            d_L_d_t = gradient * d_out_d_t
            d_L_d_w = self.last_input[np.newaxis].T @ d_L_d_t[np.newaxis]
            d_L_d_b = d_L_d_t
            d_L_d_inputs = self.weights @ d_L_d_t

            self.weights -= learn_rate * d_L_d_w
            self.biases -= learn_rate * d_L_d_b
            return d_L_d_inputs.reshape(self.last_input_shape)


def make_images(n):
    images, labels = [], []
    for k in range(n):
        img = 0.1 * np.random.randn(6, 6)
        c = k % 3
        pos = np.random.randint(1, 5)
        if c == 0:
            img[pos, :] += 1
        elif c == 1:
            img[:, pos] += 1
        else:
            img += np.eye(6, k=pos - 2)
        images.append(img)
        labels.append(c)
    return np.array(images), np.array(labels)


np.random.seed(0)
conv = Conv3x3(4)
softmax = Softmax(4 * 4 * 4, 3)


def forward(image, label):
    out = softmax.forward(conv.forward(image))
    loss = -np.log(out[label])
    acc = 1 if np.argmax(out) == label else 0
    return out, loss, acc


def train(im, label, lr=.05):
    out, loss, acc = forward(im, label)
    gradient = np.zeros(3)
    gradient[label] = -1 / out[label]
    gradient = softmax.backprop(gradient, lr)
    conv.backprop(gradient, lr)
    return loss, acc


train_images, train_labels = make_images(150)
for epoch in range(5):
    loss = 0
    num_correct = 0
    for i in np.random.permutation(len(train_images)):
        l, acc = train(train_images[i], train_labels[i])
        loss += l
        num_correct += acc
    print('epoch %d: loss %.3f | accuracy %.2f' % (epoch + 1, loss / 150, num_correct / 150))
