"""What developers import into tests of their own."""
