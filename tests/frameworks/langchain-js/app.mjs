// LangChain: an agent with a tool, a stream, a tool that throws, a graph that retrieves before it asks, a failure.
import { sdk } from './connect.mjs';
import { setMetadata, setSession, setUser } from '@arizeai/openinference-core';
import { BaseRetriever } from '@langchain/core/retrievers';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { context } from '@opentelemetry/api';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const model = new ChatOpenAI({ model: 'gpt-4o-mini', temperature: 0.2, streamUsage: true, maxRetries: 0 });
const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-3-small' });
const schema = z.object({ city: z.string() });
const weather = { name: 'get_weather', description: 'Tells the weather in a city.', schema };
const forecast = { name: 'broken_forecast', description: 'Forecasts the weather in a city.', schema };
const getWeather = tool(({ city }) => `sunny in ${city}, 24C`, weather);
const brokenForecast = tool(({ city }) => {
  throw new Error(`no forecast for ${city}`);
}, forecast);

const agent = createAgent({
  model,
  tools: [getWeather, brokenForecast],
  systemPrompt: 'You tell the weather.',
  checkpointer: new MemorySaver(),
  name: 'weather_agent',
});
const ask = (content) => ({ messages: [{ role: 'user', content }] });
const config = (thread_id) => ({ configurable: { thread_id }, metadata: { user_id: 'ann' }, tags: ['docs'] });

const user = setUser(setSession(context.active(), { sessionId: 'session-1' }), { userId: 'ann' });
const first = () => agent.invoke(ask('What is the weather in Paris?'), config('session-1'));
console.log((await context.with(setMetadata(user, { plan: 'pro' }), first)).messages.at(-1).content);

const stream = await agent.stream(ask('Is it sunny in Paris?'), { ...config('session-2'), streamMode: 'messages' });
for await (const [message] of stream) process.stdout.write(message.content + '|');
console.log();

const failing = agent.invoke(ask('Use broken_forecast for Paris.'), config('session-3'));
console.log(await failing.then((state) => state.messages.at(-1).content, (error) => error.message));

class Notes extends BaseRetriever {
  lc_namespace = ['docs'];
  async _getRelevantDocuments(question) {
    await embeddings.embedQuery(question);
    return [{ pageContent: 'It is sunny in Paris in May.', metadata: { line: 0 } }];
  }
}
const notes = new Notes();
const State = Annotation.Root({ question: Annotation(), notes: Annotation(), answer: Annotation() });
const graph = new StateGraph(State)
  .addNode('retrieve', async ({ question }) => ({ notes: (await notes.invoke(question))[0].pageContent }))
  .addNode('ask', async ({ notes, question }) => ({ answer: (await model.invoke(`${notes}\n${question}`)).content }))
  .addEdge(START, 'retrieve')
  .addEdge('retrieve', 'ask')
  .addEdge('ask', END)
  .compile();
console.log((await graph.invoke({ question: 'Is it sunny in Paris?' }, config('session-4'))).answer);

await model.invoke('fail the model').catch((error) => console.log(error.message));

// A server keeps exporting as it runs; a script sends the last spans before it ends.
await sdk.shutdown();
