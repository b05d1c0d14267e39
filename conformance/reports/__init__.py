"""What a run found, as a value, text, JSON, JUnit, HTML and Markdown."""
