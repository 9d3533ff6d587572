"""Run trainer/cli/agree.py, also before the package is installed."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from trainer.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
