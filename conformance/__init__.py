"""The proof: whether a deployment keeps the contract, sentence by sentence. It speaks HTTP and imports no server."""
