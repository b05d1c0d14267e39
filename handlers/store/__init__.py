"""The protocols that every store implements, and the values they exchange."""
