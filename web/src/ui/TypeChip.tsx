/** The square of a span's type: one colour and one sign per type, the same everywhere. */
import type { ReactNode } from "react";
import type { SpanType } from "../api";
import { LensIcon, LinkIcon, ShieldIcon, SparkIcon, ToolIcon } from "./icons";
import styles from "./TypeChip.module.css";

const LOOKS: Record<SpanType, { color: string; sign: ReactNode; word: string }> = {
  AGENT: { color: "--agent", sign: "A", word: "Agent" },
  TEAM: { color: "--team", sign: "T", word: "Team" },
  WORKFLOW: { color: "--workflow", sign: "W", word: "Workflow" },
  STEP: { color: "--step", sign: "S", word: "Step" },
  LLM: { color: "--llm", sign: <SparkIcon />, word: "Model call" },
  TOOL: { color: "--tool", sign: <ToolIcon />, word: "Tool" },
  RETRIEVER: { color: "--retriever", sign: <LensIcon />, word: "Retriever" },
  EMBEDDING: { color: "--embedding", sign: "E", word: "Embedding" },
  RERANKER: { color: "--retriever", sign: "R", word: "Reranker" },
  GUARDRAIL: { color: "--guardrail", sign: <ShieldIcon />, word: "Guardrail" },
  HOOK: { color: "--hook", sign: "H", word: "Hook" },
  EVALUATOR: { color: "--embedding", sign: "V", word: "Evaluator" },
  CHAIN: { color: "--step", sign: <LinkIcon />, word: "Chain" },
  OTHER: { color: "--plain", sign: "·", word: "Span" },
};

export function typeColor(type: SpanType | null): string {
  return `var(${lookOf(type).color})`;
}

export function typeWord(type: SpanType | null): string {
  return lookOf(type).word;
}

export function TypeChip({ type }: { type: SpanType | null }) {
  const look = lookOf(type);
  return (
    <span className={styles.chip} style={{ background: `var(${look.color})` }} title={look.word}>
      <span aria-hidden="true" className={styles.sign}>
        {look.sign}
      </span>
      <span className="sr-only">{look.word}</span>
    </span>
  );
}

function lookOf(type: SpanType | null) {
  return LOOKS[type ?? "OTHER"] ?? LOOKS.OTHER;
}
