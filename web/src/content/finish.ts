/** Why a model stopped, in words. */
const WORDS: Record<string, { text: string; isCut: boolean }> = {
  stop: { text: "complete", isCut: false },
  end_turn: { text: "complete", isCut: false },
  tool_call: { text: "to call a tool", isCut: false },
  tool_calls: { text: "to call a tool", isCut: false },
  tool_use: { text: "to call a tool", isCut: false },
  length: { text: "cut off at the limit of tokens", isCut: true },
  max_tokens: { text: "cut off at the limit of tokens", isCut: true },
  content_filter: { text: "stopped by a content filter", isCut: true },
  error: { text: "stopped by an error", isCut: true },
};

/** `isCut` says that the answer is not what it would have been; null where nothing is said. */
export function finishNote(reason: string | null | undefined): { text: string; isCut: boolean } | null {
  if (reason === null || reason === undefined || reason === "") return null;
  return WORDS[reason.toLowerCase()] ?? { text: "", isCut: false };
}
