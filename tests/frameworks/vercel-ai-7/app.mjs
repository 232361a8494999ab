// Vercel AI SDK 7: an agent with a tool, a stream, a tool that throws, an object, embeddings, a failure.
import { sdk } from './connect.mjs';
import { openai } from '@ai-sdk/openai';
import { embed, embedMany, generateObject, generateText, isStepCount, streamText, tool, ToolLoopAgent } from 'ai';
import { z } from 'zod';

const model = openai.chat('gpt-4o-mini');
const embedder = openai.textEmbeddingModel('text-embedding-3-small');
const inputSchema = z.object({ city: z.string() });
const weather = tool({
  description: 'Tells the weather in a city.',
  inputSchema,
  execute: async ({ city }) => ({ city, sky: 'sunny', celsius: 24 }),
});
const broken = tool({
  description: 'Forecasts the weather in a city.',
  inputSchema,
  execute: async ({ city }) => {
    throw new Error(`no forecast for ${city}`);
  },
});

// The context reaches the spans only as far as it is named here.
const context = {
  runtimeContext: { sessionId: 'session-1', userId: 'ann' },
  telemetry: { functionId: 'weather-agent', includeRuntimeContext: { sessionId: true, userId: true } },
};

const agent = new ToolLoopAgent({
  model,
  instructions: 'You tell the weather.',
  tools: { get_weather: weather },
  temperature: 0.2,
  ...context,
});
console.log((await agent.generate({ prompt: 'What is the weather in Paris?' })).text);

const streamed = streamText({
  model,
  prompt: 'Is it sunny in Paris?',
  tools: { get_weather: weather },
  stopWhen: isStepCount(3),
  ...context,
});
for await (const piece of streamed.textStream) process.stdout.write(piece + '|');
console.log();

const prompt = 'Use broken_forecast for Paris.';
console.log((await generateText({ model, prompt, tools: { broken_forecast: broken }, stopWhen: isStepCount(3) })).text);

console.log((await generateObject({ model, prompt: 'Which city?', schema: inputSchema })).object);

console.log((await embed({ model: embedder, value: 'sunny in Paris' })).embedding.length);
console.log((await embedMany({ model: embedder, values: ['sunny in Paris', 'rain in Oslo'] })).embeddings.length);

await generateText({ model, prompt: 'fail the model', maxRetries: 0 }).catch((error) => console.log(error.message));

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
