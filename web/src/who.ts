/** Which agent, team or workflow ran: by name where there is one, the id else. */
import type { SpanType } from "./api";

export type Kind = "agent" | "team" | "workflow";

export interface Runner {
  kind: Kind;
  type: SpanType;
  id: string | null;
  /** The name, or the id of one that has none. */
  name: string;
}

type Fields = { [key in `${Kind}_${"id" | "name"}`]: string | null };

const KINDS: [Kind, SpanType][] = [
  ["workflow", "WORKFLOW"],
  ["team", "TEAM"],
  ["agent", "AGENT"],
];

/** The outermost first. */
export function runners(fields: Fields): Runner[] {
  return KINDS.flatMap(([kind, type]): Runner[] => {
    const id = fields[`${kind}_id`];
    const name = fields[`${kind}_name`] || id;
    return name === null ? [] : [{ kind, type, id, name }];
  });
}

/** What ran according to a span, and to its trace for what the span does not say. */
export function runnersOf(span: Fields, trace: Fields): Runner[] {
  const own = runners(span);
  const others = runners(trace).filter((each) => own.every((mine) => mine.kind !== each.kind));
  return [...own, ...others].sort((a, b) => rank(a.kind) - rank(b.kind));
}

/** Says whether the name of a run tells who ran: "Research_Agent.run" is that of Research Agent. */
export function isNamedIn(name: string, run: string): boolean {
  const bare = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  return bare(run).includes(bare(name));
}

export type Names = Record<Kind, Map<string, string>>;

export function noNames(): Names {
  return { workflow: new Map(), team: new Map(), agent: new Map() };
}

/** Adds the names that rows give to ids: the list of filters has ids only. The first name given stays. */
export function learnNames(names: Names, rows: Fields[]): void {
  for (const row of rows) {
    for (const { kind, id, name } of runners(row)) {
      if (id !== null && name !== id && !names[kind].has(id)) names[kind].set(id, name);
    }
  }
}

function rank(kind: Kind): number {
  return KINDS.findIndex(([each]) => each === kind);
}
