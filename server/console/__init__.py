"""What a browser is shown: the page at `/`, the console, and the documents. The files are in `static/`."""
