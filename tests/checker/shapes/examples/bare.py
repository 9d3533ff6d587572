import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super(Classifier, self).__init__()
        self.W1 = nn.Parameter(0.01 * torch.randn(n_in, n_hidden))
        self.b1 = nn.Parameter(torch.zeros(n_hidden))
        self.W2 = nn.Parameter(0.01 * torch.randn(n_hidden, n_out))
        self.b2 = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        z1 = torch.sigmoid(x @ self.W1 + self.b1)
        return torch.log_softmax(z1 @ self.W2 + self.b2, dim=1)
