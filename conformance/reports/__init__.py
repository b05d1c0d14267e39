"""The report of a run: as a value, text, JSON, JUnit, HTML and Markdown."""
