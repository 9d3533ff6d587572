"""Run trainer/cli/page.py, also before the package is installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from trainer.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
