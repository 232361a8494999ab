from opentelemetry.instrumentation import auto_instrumentation

auto_instrumentation.initialize()
