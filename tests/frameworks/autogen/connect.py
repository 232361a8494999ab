from openinference.instrumentation import TracerProvider
from openinference.instrumentation.autogen_agentchat import AutogenAgentChatInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

(provider := TracerProvider()).add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
AutogenAgentChatInstrumentor().instrument(tracer_provider=provider)
