/** Messages as a chat. The system prompt and the earlier turns are folded: what is new is what is asked for. */
import { Fragment, useMemo, useState } from "react";
import type { Json, Message, MessagePart } from "../api";
import { bytes, plural } from "../format";
import { TypeChip } from "../ui/TypeChip";
import styles from "./Content.module.css";
import { splitMessages } from "./conversation";
import { Fold } from "./Fold";
import { ArgumentTable, Value } from "./Value";

export function Messages({ input, output }: { input: Message[]; output: Message[] }) {
  const [showEarlier, setShowEarlier] = useState(false);
  const { system, earlier, recent, toolNames } = useMemo(() => splitMessages(input, output), [input, output]);
  return (
    <>
      {system.map((message, index) => (
        <Fold key={index} title={`System prompt · ${bytes(sizeOf(message))}`}>
          <div className={`${styles.box} ${styles.said}`}>
            <Parts parts={message.parts} toolNames={toolNames} />
          </div>
        </Fold>
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

function Turn({ message, toolNames }: { message: Message; toolNames: Map<string, string> }) {
  const isTool = message.role === "tool" || message.role === "function";
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

function Parts({ parts, toolNames, said = false, boxed = false }: PartsProps) {
  if (parts.length === 0) return <p className="faint">empty message</p>;
  return parts.map((part, index) => {
    const shown = <Part part={part} toolNames={toolNames} />;
    const isText = part.type === "text" || part.type === "uri" || part.type === "blob";
    if (!boxed || !isText) return <Fragment key={index}>{shown}</Fragment>;
    return (
      <div key={index} className={`${styles.box} ${said ? styles.said : ""}`}>
        {shown}
      </div>
    );
  });
}

function Part({ part, toolNames }: { part: MessagePart; toolNames: Map<string, string> }) {
  switch (part.type) {
    case "text":
      return <Value value={part.content ?? ""} prose />;
    case "reasoning":
      return (
        <Fold title="Reasoning">
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
      return <Media part={part} />;
    default:
      return (
        <div className={styles.card}>
          <div className={styles.cardHead}>
            <b>{part.type}</b>
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

const SHOWABLE = /^image\/(png|jpeg|gif|webp)$/;
const LARGEST_IMAGE = 8_000_000;

/** An address is never loaded by itself: that would tell a stranger's server that this trace is being read. */
function Media({ part }: { part: MessagePart }) {
  const kind = part.modality ?? part.mime_type ?? "file";
  if (part.type === "uri") {
    return (
      <div>
        <span className="muted">{kind}: </span>
        <span className="mono" style={{ overflowWrap: "anywhere" }}>
          {part.uri}
        </span>
      </div>
    );
  }
  const content = typeof part.content === "string" ? part.content : "";
  if (SHOWABLE.test(part.mime_type ?? "") && content.length > 0 && content.length < LARGEST_IMAGE) {
    return (
      <div className={styles.media}>
        <img src={`data:${part.mime_type};base64,${content}`} alt={`${kind} in the message`} />
      </div>
    );
  }
  return (
    <span className="muted">
      {kind}, {part.mime_type ?? "unknown type"}, {bytes(Math.round(content.length * 0.75))}
    </span>
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
  return message.parts.reduce(
    (sum, part) => sum + (typeof part.content === "string" ? part.content.length : 0),
    0,
  );
}

function isEmptyObject(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
