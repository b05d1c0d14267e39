"""What hivestand costs, measured side by side with what its users would run instead; run by `scripts/bench`."""
