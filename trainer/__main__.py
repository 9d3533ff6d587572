"""python -m trainer COMMAND …: the same as the command two-layer-net."""

import sys

from trainer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
