"""Requests of OTLP, as an exporter sends them."""

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span


def request_of(*sent: Span) -> ExportTraceServiceRequest:
    """The request that exports these spans."""
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=sent)])])
