// Mastra: an agent with a tool, a stream, a tool that throws, a workflow, a failure.
import { observability, sdk } from './connect.mjs';
import { openai } from '@ai-sdk/openai';
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { z } from 'zod';

const inputSchema = z.object({ city: z.string() });
const getWeather = createTool({
  id: 'get_weather',
  description: 'Tells the weather in a city.',
  inputSchema,
  execute: async ({ city }) => `sunny in ${city}, 24C`,
});
const brokenForecast = createTool({
  id: 'broken_forecast',
  description: 'Forecasts the weather in a city.',
  inputSchema,
  execute: async ({ city }) => {
    throw new Error(`no forecast for ${city}`);
  },
});
const weatherAgent = new Agent({
  id: 'weather-agent',
  name: 'weather agent',
  instructions: 'You tell the weather.',
  model: openai.chat('gpt-4o-mini'),
  tools: { get_weather: getWeather, broken_forecast: brokenForecast },
  maxRetries: 0,
});
const report = createStep({
  id: 'report',
  inputSchema,
  outputSchema: z.object({ report: z.string() }),
  execute: async ({ inputData, mastra }) => {
    const answer = await mastra.getAgent('weatherAgent').generate(`What is the weather in ${inputData.city}?`);
    return { report: answer.text };
  },
});
const io = { inputSchema, outputSchema: report.outputSchema };
const daily = createWorkflow({ id: 'daily', ...io }).then(report).commit();
const mastra = new Mastra({ agents: { weatherAgent }, workflows: { daily }, observability, logger: false });

const agent = mastra.getAgent('weatherAgent');
const tracingOptions = { metadata: { threadId: 'session-1', sessionId: 'session-1', userId: 'ann' }, tags: ['docs'] };
console.log((await agent.generate('What is the weather in Paris?', { tracingOptions })).text);

const streamed = await agent.stream('Is it sunny in Paris?', { tracingOptions });
for await (const piece of streamed.textStream) process.stdout.write(piece + '|');
console.log();

console.log((await agent.generate('Use broken_forecast for Paris.')).text);

const run = await mastra.getWorkflow('daily').createRun();
console.log((await run.start({ inputData: { city: 'Paris' } })).result);

await agent.generate('fail the model').catch((error) => console.log(error.message));

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await mastra.shutdown();
await sdk.shutdown();
