"""Servers to compare with, run by uvicorn."""
