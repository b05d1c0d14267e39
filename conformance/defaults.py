"""The defaults of the options of `hivestand check` and of the pytest plugin."""

from typing import Final

TOKEN: Final = "hivestand-check"  # noqa: S105 - any will do for the mock, and no other target takes it
BAD_TOKEN: Final = "invalid"  # noqa: S105 - the mock refuses it by design
TIMEOUT: Final = 10.0  # seconds
EXAMPLES: Final = 30  # requests that a phase of the generation makes up
POLITE_RATE: Final = 20.0  # requests a second, for a target that is not on this machine
BUDGET: Final = 6000  # requests
POLITE_BUDGET: Final = 2500
QUICK_BUDGET: Final = 500  # requests of a quick run: about 420, and repeated reads of a target that shows writes late
PATIENCE: Final = 2.0  # seconds that a read may lag behind a write
POLITE_PATIENCE: Final = 8.0
