"""`python -m fuota_constructs.cli` is `fuota`."""

import sys

from fuota_constructs.cli import main

sys.exit(main())
