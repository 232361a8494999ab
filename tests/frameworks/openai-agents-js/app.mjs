// The OpenAI Agents SDK: a tool, a stream, a handoff, a guardrail, a tool that throws, a failure.
import { sdk } from './connect.mjs';
import { setMetadata, setSession, setUser } from '@arizeai/openinference-core';
import { Agent, run, tool, withTrace } from '@openai/agents';
import { context } from '@opentelemetry/api';
import { z } from 'zod';

const model = 'gpt-4o-mini';
const parameters = z.object({ city: z.string() });
const getWeather = tool({
  name: 'get_weather',
  description: 'Tells the weather in a city.',
  parameters,
  execute: async ({ city }) => `sunny in ${city}, 24C`,
});
const brokenForecast = tool({
  name: 'broken_forecast',
  description: 'Forecasts the weather in a city.',
  parameters,
  errorFunction: null, // hand the error to the caller instead of the model
  execute: async ({ city }) => {
    throw new Error(`no forecast for ${city}`);
  },
});
const polite = {
  name: 'polite',
  execute: async ({ input }) => {
    const tripwireTriggered = JSON.stringify(input).includes('stupid');
    return { outputInfo: 'checked', tripwireTriggered };
  },
};

const weather = new Agent({
  name: 'weather agent',
  instructions: 'You tell the weather.',
  model,
  tools: [getWeather, brokenForecast],
  inputGuardrails: [polite],
});
const instructions = 'Hand over to who knows.';
const triage = Agent.create({ name: 'triage agent', instructions, model, handoffs: [weather] });

const user = setUser(setSession(context.active(), { sessionId: 'session-1' }), { userId: 'ann' });
const named = () => withTrace('weather', () => run(weather, 'What is the weather in Paris?'), { groupId: 'session-1' });
console.log((await context.with(setMetadata(user, { plan: 'pro' }), named)).finalOutput);

const streamed = await run(weather, 'Is it sunny in Paris?', { stream: true });
for await (const piece of streamed.toTextStream()) process.stdout.write(piece + '|');
await streamed.completed;
console.log();

console.log((await run(triage, 'Ask the right agent about Paris.')).finalOutput);

for (const question of ['What a stupid question', 'Use broken_forecast for Paris.', 'fail the model']) {
  await run(weather, question).catch((error) => console.log(error.message));
}

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
