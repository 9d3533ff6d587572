"""Neurons as dictionaries in plain Python, trained on the rows of a file: inputs, then a label."""
import csv
from math import exp
from random import random


def read_rows(name):
    rows = []
    with open(name) as file:
        for line in csv.reader(file):
            rows.append([float(text) for text in line])
    return rows


def scale(rows):
    limits = [(min(column), max(column)) for column in zip(*rows)]
    for row in rows:
        for i in range(len(row) - 1):
            low, high = limits[i]
            row[i] = (row[i] - low) / (high - low)
        row[-1] = int(row[-1])


def make_layer(inputs, outputs):
    return [{"weights": [random() - 0.5 for _ in range(inputs + 1)]} for _ in range(outputs)]


def forward(net, row):
    values = row
    for layer in net:
        following = []
        for neuron in layer:
            total = neuron["weights"][-1]
            for i in range(len(neuron["weights"]) - 1):
                total += neuron["weights"][i] * values[i]
            neuron["output"] = 1.0 / (1.0 + exp(-total))
            following.append(neuron["output"])
        values = following
    return values


def backward(net, target):
    for number in reversed(range(len(net))):
        for j, neuron in enumerate(net[number]):
            if number == len(net) - 1:
                error = neuron["output"] - target[j]
            else:
                error = sum(after["weights"][j] * after["delta"] for after in net[number + 1])
            neuron["delta"] = error * neuron["output"] * (1.0 - neuron["output"])


def update(net, row, rate):
    values = row[:-1]
    for layer in net:
        for neuron in layer:
            for i in range(len(values)):
                neuron["weights"][i] -= rate * neuron["delta"] * values[i]
            neuron["weights"][-1] -= rate * neuron["delta"]
        values = [neuron["output"] for neuron in layer]


rows = read_rows("measurements.csv")
scale(rows)
classes = len(set(row[-1] for row in rows))
net = [make_layer(len(rows[0]) - 1, 4), make_layer(4, classes)]
for epoch in range(50):
    for row in rows:
        forward(net, row)
        target = [0] * classes
        target[row[-1]] = 1
        backward(net, target)
        update(net, row, 0.3)
