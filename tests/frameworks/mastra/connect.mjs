import { Observability } from '@mastra/observability';
import { OtelBridge } from '@mastra/otel-bridge';
import { NodeSDK } from '@opentelemetry/sdk-node';

export const sdk = new NodeSDK();
sdk.start();
const otel = { serviceName: 'weather', bridge: new OtelBridge() };
export const observability = new Observability({ configs: { otel } });
