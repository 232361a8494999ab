/** Messages as a chat. The system prompt and the earlier turns are folded: what is new is what is asked for. */
import { type ReactNode, useMemo, useState } from "react";
import type { Json, Message, MessagePart } from "../api";
import { bytes, plural } from "../format";
import { TypeChip } from "../ui/TypeChip";
import styles from "./Content.module.css";
import { splitMessages } from "./conversation";
import { Fold } from "./Fold";
import { finishNote } from "./finish";
import { MediaPart } from "./MediaPart";
import { ArgumentTable, Value } from "./Value";

export function Messages({ input, output }: { input: Message[]; output: Message[] }) {
  const [showEarlier, setShowEarlier] = useState(false);
  const { system, earlier, recent, toolNames } = useMemo(() => splitMessages(input, output), [input, output]);
  return (
    <>
      {system.map((message, index) => (
        <SystemPrompt key={index} size={sizeOf(message)}>
          <Parts parts={message.parts} toolNames={toolNames} />
        </SystemPrompt>
      ))}
      {earlier.length > 0 && !showEarlier && (
        <div className={styles.rule}>
          <button type="button" className={styles.earlier} onClick={() => setShowEarlier(true)}>
            {plural(earlier.length, "earlier message")}: show
          </button>
        </div>
      )}
      {(showEarlier ? [...earlier, ...recent] : recent).map((message, index) => (
        <Turn key={index} message={message} toolNames={toolNames} />
      ))}
      {output.length > 0 && input.length > 0 && <div className={styles.rule}>output</div>}
      {output.map((message, index) => (
        <Turn key={index} message={message} toolNames={toolNames} />
      ))}
    </>
  );
}

/** Folded: it is long, and the same in every call. */
export function SystemPrompt({ size, children }: { size: number; children: ReactNode }) {
  return (
    <Fold title={`System prompt · ${bytes(size)}`}>
      <div className={`${styles.box} ${styles.said}`}>{children}</div>
    </Fold>
  );
}

function Turn({ message, toolNames }: { message: Message; toolNames: Map<string, string> }) {
  const isTool = message.role === "tool" || message.role === "function";
  const finish = finishNote(message.finish_reason);
  if (isTool) {
    return (
      <article className={styles.turn} data-role={message.role}>
        {message.parts.map((part, index) => (
          <ToolResult key={index} part={part} name={nameOf(part, message, toolNames)} />
        ))}
      </article>
    );
  }
  return (
    <article className={styles.turn} data-role={message.role}>
      <div className={styles.who}>
        {message.role === "assistant" && <TypeChip type="LLM" />}
        {roleWord(message.role)}
        {message.name !== null && <span className={`${styles.name} faint`}>{message.name}</span>}
        {finish !== null && (
          <span className={`${styles.right} ${finish.isCut ? styles.cut : ""}`} title="Why the model stopped">
            {finish.isCut ? finish.text : message.finish_reason}
          </span>
        )}
      </div>
      <Parts parts={message.parts} toolNames={toolNames} said={message.role === "user"} boxed />
    </article>
  );
}

interface PartsProps {
  parts: MessagePart[];
  toolNames: Map<string, string>;
  said?: boolean;
  boxed?: boolean;
}

/** What is said in one breath stands in one box: a text and the picture it speaks of. */
function Parts({ parts, toolNames, said = false, boxed = false }: PartsProps) {
  if (parts.length === 0) return <p className="faint">empty message</p>;
  if (!boxed) return parts.map((part, index) => <Part key={index} part={part} toolNames={toolNames} />);
  return together(parts).map((group, index) =>
    isSaid(group[0]) ? (
      <div key={index} className={`${styles.box} ${styles.parts} ${said ? styles.said : ""}`}>
        {group.map((part, at) => (
          <Part key={at} part={part} toolNames={toolNames} />
        ))}
      </div>
    ) : (
      group.map((part, at) => <Part key={`${index} ${at}`} part={part} toolNames={toolNames} />)
    ),
  );
}

function together(parts: MessagePart[]): MessagePart[][] {
  const groups: MessagePart[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (last !== undefined && isSaid(last[0]) && isSaid(part)) last.push(part);
    else groups.push([part]);
  }
  return groups;
}

function isSaid(part: MessagePart | undefined): boolean {
  return part !== undefined && ["text", "uri", "blob"].includes(part.type);
}

function Part({ part, toolNames }: { part: MessagePart; toolNames: Map<string, string> }) {
  switch (part.type) {
    case "text":
      return <Value value={part.content ?? ""} prose />;
    case "reasoning":
      return (
        <Fold title={`Reasoning · ${bytes(lengthOf(part))}`}>
          <div className={styles.reasoning}>
            <Value value={part.content ?? ""} prose />
          </div>
        </Fold>
      );
    case "tool_call":
      return <ToolCall part={part} />;
    case "tool_call_response":
      return <ToolResult part={part} name={toolNames.get(part.id ?? "") ?? null} />;
    case "uri":
    case "blob":
      return <MediaPart part={part} />;
    default:
      return (
        <div className={styles.card}>
          <div className={styles.cardHead}>
            <b>{typeof part.type === "string" ? part.type : "part of an unknown type"}</b>
          </div>
          <div className={styles.cardText}>
            <Value value={part as unknown as Json} prose={false} />
          </div>
        </div>
      );
  }
}

function ToolCall({ part }: { part: MessagePart }) {
  const hasArguments =
    part.arguments !== undefined && part.arguments !== null && !isEmptyObject(part.arguments);
  return (
    <div className={styles.card} data-part="tool_call">
      <div className={styles.cardHead}>
        <TypeChip type="TOOL" />
        <b>{part.name ?? "unnamed tool"}</b>
        {part.id && <span className={`${styles.right} mono cut`}>{part.id}</span>}
      </div>
      {hasArguments && <ArgumentTable value={part.arguments ?? null} />}
    </div>
  );
}

function ToolResult({ part, name }: { part: MessagePart; name: string | null }) {
  return (
    <div className={styles.card} data-part="tool_call_response">
      <div className={styles.cardHead}>
        <TypeChip type="TOOL" />
        <b>{name ?? "tool"}</b> <span className="muted">result</span>
        {part.id && <span className={`${styles.right} mono cut`}>{part.id}</span>}
      </div>
      <div className={styles.cardText}>
        <Value value={part.response ?? part.content ?? ""} prose={false} />
      </div>
    </div>
  );
}

function nameOf(part: MessagePart, message: Message, toolNames: Map<string, string>): string | null {
  return part.name ?? toolNames.get(part.id ?? "") ?? message.name;
}

function roleWord(role: string): string {
  if (role === "developer") return "System";
  return role.charAt(0).toUpperCase() + role.slice(1);
}

function sizeOf(message: Message): number {
  return message.parts.reduce((sum, part) => sum + lengthOf(part), 0);
}

function lengthOf(part: MessagePart): number {
  return typeof part.content === "string" ? part.content.length : 0;
}

function isEmptyObject(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
