"""Observers of each request and its response: the journal, the log and the metrics."""
