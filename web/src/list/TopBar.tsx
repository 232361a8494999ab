import { useNavigate } from "@tanstack/react-router";
import { type RefObject, useEffect, useState } from "react";
import type { ListSearch } from "../search";
import controls from "../ui/controls.module.css";
import { SearchIcon } from "../ui/icons";
import { StatusDot } from "../ui/StatusDot";
import { TimeMenu } from "./TimeMenu";
import styles from "./TopBar.module.css";

interface Props {
  search: ListSearch;
  change: (patch: Partial<ListSearch>) => void;
  searchField: RefObject<HTMLInputElement | null>;
  pollFailed: boolean;
}

export function TopBar({ search, change, searchField, pollFailed }: Props) {
  const live = search.live !== "off";
  return (
    <div className={styles.top}>
      <h1 className="sr-only">Traces</h1>
      <NameSearch name={search.name ?? ""} field={searchField} />
      <TimeMenu search={search} change={change} />
      <button
        type="button"
        className={controls.btn}
        aria-pressed={live}
        title="Poll for new traces every 2 seconds (l)"
        onClick={() => change({ live: live ? "off" : undefined })}
      >
        <StatusDot state={!live ? "off" : pollFailed ? "failed" : "running"} label="" />
        Live
      </button>
    </div>
  );
}

/** Typing narrows the list at once, but makes one step in the history, not one per letter. */
function NameSearch({ name, field }: { name: string; field: RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState(name);
  useEffect(() => setTyped(name), [name]);
  useEffect(() => {
    if (typed.trim() === name) return;
    const timer = setTimeout(() => {
      navigate({
        to: "/ui/traces",
        search: (old) => ({ ...old, name: typed.trim() || undefined }) as ListSearch,
        replace: name !== "",
      });
    }, 250);
    return () => clearTimeout(timer);
  }, [typed, name, navigate]);

  return (
    <label className={`${controls.field} ${styles.search}`}>
      <SearchIcon />
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder="Search by name"
        aria-label="Search traces by name"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <kbd className={controls.kbd}>/</kbd>
    </label>
  );
}
