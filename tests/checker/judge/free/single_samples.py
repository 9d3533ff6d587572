import numpy


class neuralNetwork:

    def __init__(self, inputnodes, hiddennodes, outputnodes, learningrate):
        self.inodes = inputnodes
        self.hnodes = hiddennodes
        self.onodes = outputnodes

        self.wih = numpy.random.normal(0.0, pow(self.inodes, -0.5), (self.hnodes, self.inodes))
        self.who = numpy.random.normal(0.0, pow(self.hnodes, -0.5), (self.onodes, self.hnodes))

        self.lr = learningrate
        self.activation_function = lambda x: 1.0 / (1.0 + numpy.exp(-x))

    def train(self, inputs_list, targets_list):
        inputs = numpy.array(inputs_list, ndmin=2).T
        targets = numpy.array(targets_list, ndmin=2).T

        hidden_inputs = numpy.dot(self.wih, inputs)
        hidden_outputs = self.activation_function(hidden_inputs)
        final_inputs = numpy.dot(self.who, hidden_outputs)
        final_outputs = self.activation_function(final_inputs)

        output_errors = targets - final_outputs
        output_deltas = output_errors * final_outputs * (1.0 - final_outputs)
        hidden_errors = numpy.dot(self.who.T, output_deltas)

        self.who += self.lr * numpy.dot(output_deltas, numpy.transpose(hidden_outputs))
        self.wih += self.lr * numpy.dot((hidden_errors * hidden_outputs * (1.0 - hidden_outputs)), numpy.transpose(inputs))

    def query(self, inputs_list):
        inputs = numpy.array(inputs_list, ndmin=2).T
        hidden_outputs = self.activation_function(numpy.dot(self.wih, inputs))
        return self.activation_function(numpy.dot(self.who, hidden_outputs))


# tiny 'digits' 3 x 5 pixels: label, then pixels
training_data_list = [
    "0,9,9,9,9,0,9,9,0,9,9,0,9,9,9,9",
    "1,0,9,0,9,9,0,0,9,0,0,9,0,9,9,9",
    "2,9,9,9,0,0,9,9,9,9,9,0,0,9,9,9",
    "3,9,9,9,0,0,9,0,9,9,0,0,9,9,9,9",
    "4,9,0,9,9,0,9,9,9,9,0,0,9,0,0,9",
]

numpy.random.seed(0)
n = neuralNetwork(15, 10, 5, 0.3)

epochs = 400
for e in range(epochs):
    for record in training_data_list:
        all_values = record.split(',')
        # scale to 0.01 .. 1.0
        inputs = (numpy.asarray(all_values[1:], dtype=float) / 9.0 * 0.99) + 0.01
        targets = numpy.zeros(5) + 0.01
        targets[int(all_values[0])] = 0.99
        n.train(inputs, targets)

scorecard = []
for record in training_data_list:
    all_values = record.split(',')
    outputs = n.query(numpy.asarray(all_values[1:], dtype=float) / 9.0 * 0.99 + 0.01)
    label = numpy.argmax(outputs)
    scorecard.append(1 if label == int(all_values[0]) else 0)
print("performance =", sum(scorecard) / len(scorecard))
