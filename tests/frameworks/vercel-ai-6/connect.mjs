import { NodeSDK } from '@opentelemetry/sdk-node';

export const sdk = new NodeSDK();
sdk.start();
