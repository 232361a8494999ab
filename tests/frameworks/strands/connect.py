from strands.telemetry import StrandsTelemetry

StrandsTelemetry().setup_otlp_exporter()
