"""`python -m molgfn` is `molgfn`."""

import sys

from molgfn.cli.main import main

sys.exit(main())
