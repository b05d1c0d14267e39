"""What the memory store has of its own; the rest is `test_store.py`."""

import subprocess
import sys


def test_the_memory_store_imports_no_redis() -> None:
    """Only the store that is used is imported."""
    code = (
        "import sys; from hivestand.handlers.store.schemes import store_for; store_for('memory://');"
        " print('redis' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
