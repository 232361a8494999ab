/** The filters beside the list. Every choice goes into the address. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { getFacets, type SpanType, type TraceRow } from "../api";
import { filtersOf, hasFilters, type ListSearch } from "../search";
import controls from "../ui/controls.module.css";
import { ChevronIcon } from "../ui/icons";
import { StatusDot } from "../ui/StatusDot";
import { TypeChip } from "../ui/TypeChip";
import { type Kind, learnNames, type Names, noNames } from "../who";
import styles from "./Facets.module.css";

interface Props {
  search: ListSearch;
  change: (patch: Partial<ListSearch>) => void;
}

/** `rows` are those of the list: from them come names for the ids that the server knows. */
export function Facets({ search, change, rows }: Props & { rows: TraceRow[] }) {
  // Names stay known when a filter leaves only rows of another agent.
  const [names] = useState(noNames);
  learnNames(names, rows);
  // On a narrow screen the filters fold away; the style sheet ignores this on a wide one.
  const [open, setOpen] = useState(false);
  const facets = useQuery({
    queryKey: ["facets"],
    queryFn: ({ signal }) => getFacets(signal),
    staleTime: 10_000,
    refetchInterval: 15_000,
  });
  const active = Object.keys(filtersOf(search)).length;

  return (
    <aside className={`${styles.facets} ${open ? styles.open : ""}`} aria-label="Filters">
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronIcon /> Filters{active > 0 ? ` (${active})` : ""}
      </button>
      <div className={styles.inside}>
        <h2>Status</h2>
        <Value
          on={search.status === "ERROR"}
          onClick={() => change({ status: search.status === "ERROR" ? undefined : "ERROR" })}
        >
          <StatusDot state="failed" label="" /> Error
        </Value>
        <Value
          on={search.status === "OK"}
          onClick={() => change({ status: search.status === "OK" ? undefined : "OK" })}
        >
          <StatusDot state="ok" label="" /> OK
        </Value>
        <label className={styles.toggle}>
          <input
            type="checkbox"
            checked={search.agent_only === "true"}
            onChange={(event) => change({ agent_only: event.target.checked ? "true" : undefined })}
          />
          Agent runs only
        </label>
        <Values
          title="Agent"
          type="AGENT"
          kind="agent"
          values={facets.data?.agents}
          {...{ search, change, names }}
        />
        <Values
          title="Team"
          type="TEAM"
          kind="team"
          values={facets.data?.teams}
          {...{ search, change, names }}
        />
        <Values
          title="Workflow"
          type="WORKFLOW"
          kind="workflow"
          values={facets.data?.workflows}
          {...{ search, change, names }}
        />
        <IdField title="User" value={search.user_id} onSet={(user_id) => change({ user_id })} />
        <IdField title="Session" value={search.session_id} onSet={(session_id) => change({ session_id })} />
        {search.run_id !== undefined && (
          <IdField title="Run" value={search.run_id} onSet={(run_id) => change({ run_id })} />
        )}
        {hasFilters(search) && (
          <button
            type="button"
            className={`${controls.btn} ${styles.clear}`}
            onClick={() =>
              change(Object.fromEntries(Object.keys(filtersOf(search)).map((key) => [key, undefined])))
            }
          >
            Clear filters
          </button>
        )}
      </div>
    </aside>
  );
}

const SHOWN = 8;

function Values(
  props: Props & {
    title: string;
    type: SpanType;
    kind: Kind;
    values: string[] | undefined;
    names: Names;
  },
) {
  const { title, type, kind, names, search, change } = props;
  const [all, setAll] = useState(false);
  const key = `${kind}_id` as const;
  const chosen = search[key];
  const known = props.values ?? [];
  const values = chosen !== undefined && !known.includes(chosen) ? [chosen, ...known] : known;
  if (values.length === 0) return null;
  const shown = all ? values : values.filter((value, index) => index < SHOWN || value === chosen);
  return (
    <>
      <h2>{title}</h2>
      {shown.map((value) => (
        <Value
          key={value}
          on={value === chosen}
          onClick={() => change({ [key]: value === chosen ? undefined : value })}
        >
          <TypeChip type={type} />
          <span className="cut" title={value}>
            {names[kind].get(value) ?? value}
          </span>
        </Value>
      ))}
      {values.length > SHOWN && (
        <button type="button" className={styles.more} onClick={() => setAll(!all)}>
          {all ? "fewer" : `${values.length - shown.length} more`}
        </button>
      )}
    </>
  );
}

function Value({ on, onClick, children }: { on: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className={styles.value} aria-pressed={on} onClick={onClick}>
      {children}
    </button>
  );
}

interface IdFieldProps {
  title: string;
  value: string | undefined;
  onSet: (value: string | undefined) => void;
}

function IdField({ title, value, onSet }: IdFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]);
  const set = () => {
    const next = typed.trim() || undefined;
    if (next !== value) onSet(next);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set();
      }}
    >
      <h2>
        <label htmlFor={id}>{title}</label>
      </h2>
      <div className={`${controls.field} ${styles.id}`}>
        <input
          id={id}
          value={typed}
          placeholder="any"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={set}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </div>
    </form>
  );
}
