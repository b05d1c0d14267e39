"""What developers import into tests of their own."""

from skep.testing.client import ControlError, Fault, Skep
from skep.testing.serving import serve

__all__ = ["ControlError", "Fault", "Skep", "serve"]
