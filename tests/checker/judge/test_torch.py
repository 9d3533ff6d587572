"""Torch: modules of any depth, training by autograd, and gradients by hand."""

import pytest
import torch
from sampling import few
from steps import TORCH as SCRIPT
from steps import find_messages, judge

from trainer.checker.find.copying import copy_together
from trainer.checker.find.leaves import list_leaves

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.a = nn.Linear(n_in, n_hidden)
        self.b = nn.Linear(n_hidden, n_hidden)
        self.c = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = torch.tanh(self.b(x))
        return self.c(x)
"""
TRAINED = (
    MODULE
    + """
def train(model, loader, criterion, optimizer, device):
    for x, t in loader:
        optimizer.zero_grad()
        loss = criterion(model(x.to(device)), t)
        loss.backward()
        optimizer.step()
"""
)
VARIABLE = SCRIPT.replace("optimizer =", "criterion = nn.CrossEntropyLoss()\noptimizer =").replace(
    "nn.functional.cross_entropy(", "criterion("
)
HAND = """
import torch
torch.manual_seed(0)
X, y = torch.randn(7, 5), torch.randn(7, 2)
w1, w2 = torch.randn(5, 4), torch.randn(4, 2)
for i in range(100):
    h = X.mm(w1)
    z = h.clamp(min=0)
    delta = 2 * (z.mm(w2) - y)
    grad = delta.mm(w2.t())
    grad[h < 0] = 0
    w1 -= 1e-4 * X.t().mm(grad)
    w2 -= 1e-4 * z.t().mm(delta)
"""


@pytest.mark.parametrize("text", [MODULE, TRAINED, SCRIPT, VARIABLE, HAND])
def test_right_code_of_torch_goes_down_a_loss_at_any_depth(tmp_path, text):
    path = tmp_path / "net.py"
    path.write_text(text)
    assert judge(path).decision.is_right is True


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    few(
        [
            (MODULE, "self.c(x)", "self.c(x).softmax(dim=1)", "are probabilities already"),
            (MODULE, "self.c(x)", "self.c(x).softmax(dim=0)", "sum to 1 over the samples"),
            (MODULE, "self.b(x)", "x", "changes net.b.weight and net.b.bias, but nothing"),
            (TRAINED, "        optimizer.zero_grad()\n", "", "adds its gradients to"),
            (SCRIPT, "    optimizer.zero_grad()\n", "", "adds its gradients to"),
            (SCRIPT, "model(X), y)", "model(X).softmax(1), y)", "are probabilities already"),
            (HAND, "    grad[h < 0] = 0\n", "", "does not follow the derivative"),
        ],
        3,
    ),
)
def test_what_is_wrong_in_code_of_torch_is_said(tmp_path, text, old, new, said):
    assert old in text
    path = tmp_path / "net.py"
    path.write_text(text.replace(old, new))
    assert said in find_messages(path)[0]


LOADED = """
import numpy as np
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train, batch_size=64, shuffle=True)
rng = np.random.default_rng(0)
W1, W2 = 0.05 * rng.standard_normal((784, 20)), 0.05 * rng.standard_normal((20, 10))
for epoch in range(3):
    batches = iter(loader)
    for i in range(len(loader)):
        images, labels = next(batches)
        x, t = images.view(len(images), -1).numpy(), np.eye(10)[labels.numpy()]
        z = np.tanh(x @ W1)
        p = np.exp(z @ W2)
        p /= p.sum(axis=1, keepdims=True)
        d = (p - t) / len(x)
        e = d @ W2.T * (1 - z ** 2)
        W2 -= 0.1 * z.T @ d
        W1 -= 0.1 * x.T @ e
"""


def test_a_step_that_takes_its_batch_from_a_loader_is_judged(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(LOADED)
    assert judge(path).decision.is_right is True
    path.write_text(LOADED.replace(" * (1 - z ** 2)", ""))
    assert judge(path).decision.wrong == ["W1"]


def test_a_copy_of_a_module_has_its_gradients_and_its_optimizer():
    module = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    module(torch.ones(1, 3)).sum().backward()
    before = module.weight.detach().clone()
    copied, _ = copy_together({"module": module, "optimizer": optimizer}, None)
    copied["optimizer"].step()
    assert torch.equal(module.weight, before)
    assert torch.equal(copied["module"].weight, before - 1)
    leaves = list_leaves(copied)
    assert leaves["module.weight"].as_array().shape == (2, 3)
    assert (leaves["module.weight.grad"].as_array() == 1).all()
