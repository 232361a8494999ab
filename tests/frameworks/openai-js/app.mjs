// The OpenAI client by hand: a loop with a tool, a stream, the responses API, an embedding, a failure.
import { sdk } from './connect.mjs';
import { setMetadata, setSession, setUser } from '@arizeai/openinference-core';
import { context } from '@opentelemetry/api';
import OpenAI from 'openai';

const model = 'gpt-4o-mini';
const client = new OpenAI();
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { name: 'get_weather', description: 'Tells the weather in a city.', parameters };

async function askWithTool(question) {
  const messages = [
    { role: 'system', content: 'You tell the weather.' },
    { role: 'user', content: question },
  ];
  const request = { model, messages, tools: [{ type: 'function', function: weather }], temperature: 0.2 };
  const { message } = (await client.chat.completions.create(request)).choices[0];
  const [call] = message.tool_calls;
  const { city } = JSON.parse(call.function.arguments);
  messages.push(message, { role: 'tool', tool_call_id: call.id, content: `sunny in ${city}, 24C` });
  return (await client.chat.completions.create(request)).choices[0].message.content;
}

async function stream(question) {
  const messages = [{ role: 'user', content: question }];
  const options = { stream: true, stream_options: { include_usage: true } };
  let answer = '';
  for await (const chunk of await client.chat.completions.create({ model, messages, ...options })) {
    answer += chunk.choices[0]?.delta.content ?? '';
  }
  return answer;
}

async function respond(input) {
  const tools = [{ type: 'function', strict: true, ...weather }];
  const asked = await client.responses.create({ model, input, tools });
  let answer = asked.output[0].name + ': ';
  for await (const event of await client.responses.create({ model, input, instructions: 'Be short.', stream: true })) {
    if (event.type === 'response.output_text.delta') answer += event.delta;
  }
  return answer;
}

async function main() {
  console.log(await askWithTool('What is the weather in Paris?'));
  console.log(await stream('Is it sunny in Paris?'));
  console.log(await respond('Is it sunny in Paris?'));
  const embedded = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'sunny in Paris' });
  console.log(embedded.data[0].embedding.length);
  const messages = [{ role: 'user', content: 'fail the model' }];
  await client.chat.completions.create({ model, messages }).catch((error) => console.log(error.message));
}

const user = setUser(setSession(context.active(), { sessionId: 'session-1' }), { userId: 'ann' });
await context.with(setMetadata(user, { plan: 'pro' }), main);

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
