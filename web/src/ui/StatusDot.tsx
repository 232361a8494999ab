import controls from "./controls.module.css";

export type DotState = "ok" | "failed" | "running" | "off";

const WORDS: Record<DotState, string> = { ok: "OK", failed: "Failed", running: "Running", off: "Off" };

/** `label` is spoken; a dot beside the same word in text takes an empty one. */
export function StatusDot({ state, label = WORDS[state] }: { state: DotState; label?: string }) {
  return (
    <>
      <span className={`${controls.dot} ${state === "ok" ? "" : controls[state]}`} aria-hidden="true" />
      {label !== "" && <span className="sr-only">{label}</span>}
    </>
  );
}
