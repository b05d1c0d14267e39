"""Faults: their effects on a response, and which armed faults a request gets."""
