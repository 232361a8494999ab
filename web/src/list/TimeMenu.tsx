import { useEffect, useRef, useState } from "react";
import { type ListSearch, RANGES, type Range } from "../search";
import controls from "../ui/controls.module.css";
import { ClockIcon } from "../ui/icons";
import styles from "./TopBar.module.css";

const WORDS: Record<Range, string> = {
  "15m": "Last 15 min",
  "1h": "Last hour",
  "6h": "Last 6 h",
  "24h": "Last 24 h",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

interface Props {
  search: ListSearch;
  change: (patch: Partial<ListSearch>) => void;
}

export function TimeMenu({ search, change }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const onDown = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener("pointerdown", onDown);
    return () => window.removeEventListener("pointerdown", onDown);
  }, [open]);

  function pick(patch: Partial<ListSearch>) {
    setOpen(false);
    button.current?.focus();
    change({ range: undefined, from: undefined, to: undefined, ...patch });
  }

  const isAll = search.range === undefined && search.from === undefined && search.to === undefined;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: escape closes the menu from anywhere inside it.
    <div
      className={styles.wrap}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        type="button"
        ref={button}
        className={controls.btn}
        aria-expanded={open}
        aria-label={`Time range: ${label(search)}`}
        onClick={() => setOpen(!open)}
      >
        <ClockIcon />
        {label(search)}
      </button>
      {open && (
        <div className={styles.menu}>
          <div className={styles.presets}>
            {RANGES.map((range) => (
              <button
                key={range}
                type="button"
                className={styles.preset}
                aria-pressed={search.range === range}
                onClick={() => pick({ range })}
              >
                {WORDS[range]}
              </button>
            ))}
            <button type="button" className={styles.preset} aria-pressed={isAll} onClick={() => pick({})}>
              All time
            </button>
          </div>
          <Custom search={search} pick={pick} />
        </div>
      )}
    </div>
  );
}

function Custom({ search, pick }: { search: ListSearch; pick: (patch: Partial<ListSearch>) => void }) {
  const [from, setFrom] = useState(toField(search.from));
  const [to, setTo] = useState(toField(search.to));
  const backwards = from !== "" && to !== "" && from >= to;
  return (
    <form
      className={styles.custom}
      onSubmit={(event) => {
        event.preventDefault();
        if (!backwards) pick({ from: fromField(from), to: fromField(to) });
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          step="1"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        To
        <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      {backwards && <p role="alert">The end is not after the start.</p>}
      <button type="submit" className={controls.btn} disabled={backwards || (from === "" && to === "")}>
        Apply
      </button>
    </form>
  );
}

function label(search: ListSearch): string {
  if (search.range !== undefined) return WORDS[search.range];
  if (search.from === undefined && search.to === undefined) return "All time";
  return `${short(search.from) ?? "start"} – ${short(search.to) ?? "now"}`;
}

function short(iso: string | undefined): string | undefined {
  if (iso === undefined) return undefined;
  return toField(iso).slice(5, 16).replace("T", " ");
}

/** Local time as the field writes it: 2026-11-21T01:12:08. */
function toField(iso: string | undefined): string {
  if (iso === undefined) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function fromField(text: string): string | undefined {
  return text === "" ? undefined : new Date(text).toISOString();
}
