"""OpenTelemetry spans: decoding OTLP, and mapping spans to events."""
