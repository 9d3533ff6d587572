"""Probes of a correct net; test_comparison.py probes nets with planted mistakes."""

from trainer.auditing.probes import inspect_step
from trainer.nets.numpy_net import TwoLayerNet


class DeviceOutputs(list):
    """Outputs on a device that NumPy cannot read, as CUDA's tensors are."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def tolist(self):
        return list(self)


def test_outputs_on_another_device_are_not_wrong(digits):
    class Net(TwoLayerNet):
        def predict(self, x):
            return DeviceOutputs(super().predict(x).tolist())

    verdicts = inspect_step(Net(784, 50, 10), digits.x_train[:100], digits.t_train[:100], 0.1)
    assert not [verdict for verdict in verdicts.values() if verdict.is_wrong]
