// Vercel AI SDK 6: an agent with a tool, a stream, a tool that throws, an object, embeddings, a failure.
import { sdk } from './connect.mjs';
import { openai } from '@ai-sdk/openai';
import { embed, embedMany, generateObject, generateText, stepCountIs, streamText, tool, ToolLoopAgent } from 'ai';
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

// Telemetry is off unless a call asks for it.
const experimental_telemetry = {
  isEnabled: true,
  functionId: 'weather-agent',
  metadata: { sessionId: 'session-1', userId: 'ann', tags: ['docs'] },
};

const agent = new ToolLoopAgent({
  model,
  instructions: 'You tell the weather.',
  tools: { get_weather: weather },
  temperature: 0.2,
  experimental_telemetry,
});
console.log((await agent.generate({ prompt: 'What is the weather in Paris?' })).text);

const streamed = streamText({
  model,
  prompt: 'Is it sunny in Paris?',
  tools: { get_weather: weather },
  stopWhen: stepCountIs(3),
  experimental_telemetry,
});
for await (const piece of streamed.textStream) process.stdout.write(piece + '|');
console.log();

const asked = { model, experimental_telemetry };
const prompt = 'Use broken_forecast for Paris.';
const tools = { broken_forecast: broken };
console.log((await generateText({ ...asked, prompt, tools, stopWhen: stepCountIs(3) })).text);

console.log((await generateObject({ ...asked, prompt: 'Which city?', schema: inputSchema })).object);

const embedded = { model: embedder, experimental_telemetry };
console.log((await embed({ ...embedded, value: 'sunny in Paris' })).embedding.length);
console.log((await embedMany({ ...embedded, values: ['sunny in Paris', 'rain in Oslo'] })).embeddings.length);

await generateText({ ...asked, prompt: 'fail the model', maxRetries: 0 }).catch((error) => console.log(error.message));

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
