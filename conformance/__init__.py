"""The conformance suite: whether a deployment keeps the contract. It speaks HTTP only and imports no server."""
