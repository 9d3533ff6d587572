"""Do the least work of a start-up: import torchvision, and read the files of a data set with it.

Run by processes.measure_start_up as a program, with DATASET DATA_DIR. The line that it prints ends
the start-up. The rest belongs to the least memory: the writer and one float32 copy of the images.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from trainer.data.fetch import SETS

if __name__ == "__main__":
    dataset: Any = sys.argv[1]
    sets = [SETS[dataset](Path(sys.argv[2]), train=is_train) for is_train in (True, False)]
    print("read", flush=True)
    images = sum(len(each) for each in sets)
    del sets
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401

    np.ones((images, 784), np.float32)
