"""What developers import into their own tests."""

from hivestand.testing.client import ControlError, Fault, Hivestand
from hivestand.testing.serving import serve

__all__ = ["ControlError", "Fault", "Hivestand", "serve"]
