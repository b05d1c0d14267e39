"""Requests as real clients send them, and what has to become of each."""
