// Genkit: a flow with a tool, a stream, a tool that throws, an embedding, a failure.
import { sdk } from './connect.mjs';
import { openAI } from '@genkit-ai/compat-oai/openai';
import { genkit, z } from 'genkit';
import { setCustomMetadataAttributes } from 'genkit/tracing';

const ai = genkit({ plugins: [openAI()], model: openAI.model('gpt-4o-mini') });
const inputSchema = z.object({ city: z.string() });
const weather = ai.defineTool(
  { name: 'get_weather', description: 'Tells the weather in a city.', inputSchema, outputSchema: z.string() },
  async ({ city }) => `sunny in ${city}, 24C`,
);
const broken = ai.defineTool(
  { name: 'broken_forecast', description: 'Forecasts the weather in a city.', inputSchema, outputSchema: z.string() },
  async ({ city }) => {
    throw new Error(`no forecast for ${city}`);
  },
);

const weatherFlow = ai.defineFlow('weatherFlow', async (prompt) => {
  setCustomMetadataAttributes({ sessionId: 'session-1', userId: 'ann' });
  const config = { temperature: 0.2 };
  return (await ai.generate({ system: 'You tell the weather.', prompt, tools: [weather], config })).text;
});
console.log(await weatherFlow('What is the weather in Paris?'));

const { stream, response } = ai.generateStream({ prompt: 'Is it sunny in Paris?', tools: [weather] });
for await (const chunk of stream) process.stdout.write(chunk.text + '|');
console.log((await response).text);

const failing = ai.generate({ prompt: 'Use broken_forecast for Paris.', tools: [broken] });
await failing.catch((error) => console.log(error.message));

const embedder = openAI.embedder('text-embedding-3-small');
console.log((await ai.embed({ embedder, content: 'sunny in Paris' }))[0].embedding.length);

await ai.generate('fail the model').catch((error) => console.log(error.message));

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
