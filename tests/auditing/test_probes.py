"""What is asked of a net beside its step ; planted mistakes are in test_plant."""

from trainer.auditing.probes import inspect_step
from trainer.nets.numpy_net import TwoLayerNet


class Elsewhere(list):
    """Outputs on a device that NumPy cannot read, as CUDA's tensors are."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def tolist(self):
        return list(self)


def test_outputs_on_another_device_are_no_fault(digits):
    class Net(TwoLayerNet):
        def predict(self, x):
            return Elsewhere(super().predict(x).tolist())

    verdicts = inspect_step(Net(784, 50, 10), digits.x_train[:100], digits.t_train[:100], 0.1)
    assert not [verdict for verdict in verdicts.values() if verdict.is_wrong]
