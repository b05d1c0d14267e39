"""The operations of the mocked API, one module per public group."""
