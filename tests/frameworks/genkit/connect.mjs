import { NodeSDK } from '@opentelemetry/sdk-node';
import { disableGenkitOTelInitialization } from 'genkit/tracing';

disableGenkitOTelInitialization(); // one OpenTelemetry SDK in the process, this one
export const sdk = new NodeSDK();
sdk.start();
