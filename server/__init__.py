"""How a request gets in and a response out, and the command line."""
