"""What each operation does, and the stores that hold all state."""
