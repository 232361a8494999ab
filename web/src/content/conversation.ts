import type { Message } from "../api";

export interface Conversation {
  system: Message[];
  earlier: Message[];
  recent: Message[];
  /** Names of tools by the id of their call: results carry only the id. */
  toolNames: Map<string, string>;
}

/** Fewer than this are not worth folding. */
const FEWEST_EARLIER = 3;

/** The system prompt, what was said before the last question, and the last question with all after it. */
export function splitMessages(input: Message[], output: Message[]): Conversation {
  const system: Message[] = [];
  let first = 0;
  while (isSystem(input[first])) system.push(input[first++] as Message);
  const rest = input.slice(first);
  const toolNames = new Map<string, string>();
  for (const message of [...rest, ...output]) {
    for (const part of message.parts) {
      if (part.type === "tool_call" && part.id && part.name) toolNames.set(part.id, part.name);
    }
  }
  const lastQuestion = rest.findLastIndex((message) => message.role === "user");
  const at = lastQuestion >= FEWEST_EARLIER ? lastQuestion : 0;
  return { system, earlier: rest.slice(0, at), recent: rest.slice(at), toolNames };
}

function isSystem(message: Message | undefined): boolean {
  return message?.role === "system" || message?.role === "developer";
}
