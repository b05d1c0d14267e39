"""Faults: the effects on a response, and which of the armed faults a request gets."""
