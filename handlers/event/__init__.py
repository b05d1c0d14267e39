"""The pure domain: what an event is, how it is encoded, and how events are searched. Imports no store."""
