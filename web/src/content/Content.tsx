/** What went in and what came out, in the form that fits the type of the span. */
import type { Json, Message, Payload, SpanDetail, SpanFacts } from "../api";
import { plural } from "../format";
import { errorName } from "../state";
import styles from "./Content.module.css";
import { Documents } from "./Documents";
import { Embedding } from "./Embedding";
import { ExceptionCard } from "./ExceptionCard";
import { Fold } from "./Fold";
import { Messages, SystemPrompt } from "./Messages";
import { Scores } from "./Scores";
import { ArgumentTable, Value } from "./Value";

export function Content({ detail }: { detail: SpanDetail }) {
  const { facts } = detail;
  const failure = failureOf(detail);
  const body = bodyOf(detail);
  return (
    <div className={styles.content}>
      {failure}
      {body ?? (failure === null && facts.scores.length === 0 ? <NotCaptured detail={detail} /> : null)}
      {facts.scores.length > 0 && <Scores scores={facts.scores} />}
      {facts.tools.length > 0 && <OfferedTools tools={facts.tools} />}
    </div>
  );
}

function bodyOf(detail: SpanDetail) {
  const { facts } = detail;
  if (facts.input_messages.length > 0 || facts.output_messages.length > 0) {
    return (
      <>
        {!facts.input_messages.some(isSystem) && <Instructions text={facts.system_prompt} />}
        {facts.input_messages.length === 0 && facts.input !== null && (
          <Side title="Input" payload={facts.input} said />
        )}
        <Messages input={facts.input_messages} output={facts.output_messages} />
        {facts.output_messages.length === 0 && facts.output !== null && (
          <Side title="Output" payload={facts.output} answer />
        )}
      </>
    );
  }
  if (facts.tool !== null && (hasValue(facts.tool.arguments) || hasValue(facts.tool.result))) {
    return <ToolCall tool={facts.tool} />;
  }
  if (facts.retrieval !== null) return <Documents retrieval={facts.retrieval} output={facts.output} />;
  const embedding = facts.embedding;
  if (embedding !== null && (embedding.texts.length > 0 || embedding.count > 0)) {
    return (
      <>
        <Embedding embedding={embedding} />
        {embedding.texts.length === 0 && facts.input !== null && <Side title="Input" payload={facts.input} />}
      </>
    );
  }
  if (facts.input === null && facts.output === null) {
    return facts.system_prompt === null ? null : <Instructions text={facts.system_prompt} />;
  }
  const isConversation = ["AGENT", "TEAM", "WORKFLOW", "LLM"].includes(detail.span_type);
  return (
    <>
      <Instructions text={facts.system_prompt} />
      {facts.input !== null && <Side title="Input" payload={facts.input} said={isConversation} />}
      {facts.output !== null && <Side title="Output" payload={facts.output} answer={isConversation} />}
    </>
  );
}

function Instructions({ text }: { text: string | null }) {
  if (text === null || text === "") return null;
  return (
    <SystemPrompt size={text.length}>
      <Value value={text} prose />
    </SystemPrompt>
  );
}

function failureOf(detail: SpanDetail) {
  const { exception } = detail.facts;
  if (exception !== null) return <ExceptionCard {...exception} />;
  if (detail.status_code !== "ERROR") return null;
  return (
    <ExceptionCard
      type={errorName(detail.error_type) ?? "Failed"}
      message={detail.status_message ?? "no message was recorded"}
      stacktrace={null}
    />
  );
}

interface SideProps {
  title: string;
  payload: Payload;
  said?: boolean;
  answer?: boolean;
}

function Side({ title, payload, said = false, answer = false }: SideProps) {
  return (
    <section className={styles.side}>
      <h3>{title}</h3>
      <div className={`${styles.box} ${said ? styles.said : ""}`}>
        <Value value={payload.value} prose={said || answer} />
      </div>
    </section>
  );
}

function ToolCall({ tool }: { tool: NonNullable<SpanFacts["tool"]> }) {
  return (
    <>
      {tool.description !== null && tool.description !== "" && <p className="muted">{tool.description}</p>}
      {hasValue(tool.arguments) && (
        <section className={styles.side}>
          <h3>Arguments</h3>
          <div className={styles.card}>
            <ArgumentTable value={tool.arguments} />
          </div>
        </section>
      )}
      {hasValue(tool.result) && (
        <section className={styles.side}>
          <h3>Result</h3>
          <div className={styles.box}>
            <Value value={tool.result} prose={false} />
          </div>
        </section>
      )}
      {hasValue(tool.parameters) && (
        <Fold title="What arguments it takes">
          <div className={styles.box}>
            <Value value={tool.parameters} prose={false} />
          </div>
        </Fold>
      )}
    </>
  );
}

function OfferedTools({ tools }: { tools: SpanFacts["tools"] }) {
  return (
    <Fold title={`${plural(tools.length, "tool")} offered to the model`}>
      <div className={styles.tools}>
        {tools.map((tool, index) => (
          <div key={`${tool.name}${index}`} className={styles.card}>
            <div className={styles.cardHead}>
              <b>{tool.name ?? "unnamed tool"}</b>
            </div>
            {tool.description !== null && tool.description !== "" && (
              <div className={styles.cardText}>
                <Value value={tool.description} prose={false} />
              </div>
            )}
            {hasValue(tool.parameters) && (
              <div className={styles.cardText}>
                <Fold title="Parameters">
                  <Value value={tool.parameters} prose={false} />
                </Fold>
              </div>
            )}
          </div>
        ))}
      </div>
    </Fold>
  );
}

function NotCaptured({ detail }: { detail: SpanDetail }) {
  const isModel = detail.span_type === "LLM";
  return (
    <div className={styles.absent}>
      <p>
        <b>{isModel ? "Content not captured" : "No input or output recorded"}</b>
      </p>
      <p className="muted">
        {isModel
          ? "This model call came without messages. The instrumentation leaves them out unless it is told to record them, for example with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true, or hides them by OPENINFERENCE_HIDE_INPUTS and OPENINFERENCE_HIDE_OUTPUTS."
          : "The program that sent this span recorded neither. What it did record is under Attributes."}
      </p>
    </div>
  );
}

function isSystem(message: Message): boolean {
  return message.role === "system" || message.role === "developer";
}

function hasValue(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
