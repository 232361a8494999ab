import { Fragment, useState } from "react";
import type { Attributes, Json, SpanDetail } from "../api";
import { FoldedText } from "../content/FoldedText";
import { plural } from "../format";
import { CopyButton } from "../ui/CopyButton";
import controls from "../ui/controls.module.css";
import { SearchIcon } from "../ui/icons";
import styles from "./AttributesTab.module.css";

export function AttributesTab({ detail }: { detail: SpanDetail }) {
  const [text, setText] = useState("");
  return (
    <div className={styles.tab}>
      <label className={`${controls.field} ${styles.search}`}>
        <SearchIcon />
        <input
          value={text}
          placeholder="Search keys and values"
          aria-label="Search attributes"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </label>
      <AttributeTable
        title="Span"
        attributes={detail.attributes}
        search={text}
        dropped={detail.dropped_attributes_count}
      />
      {detail.resource !== null && (
        <AttributeTable title="Resource" attributes={detail.resource.attributes} search={text} />
      )}
      {detail.scope !== null && Object.keys(detail.scope.attributes).length > 0 && (
        <AttributeTable title="Scope" attributes={detail.scope.attributes} search={text} />
      )}
    </div>
  );
}

interface TableProps {
  title: string;
  attributes: Attributes;
  search?: string;
  dropped?: number;
}

export function AttributeTable({ title, attributes, search = "", dropped = 0 }: TableProps) {
  const needle = search.trim().toLowerCase();
  const all = Object.entries(attributes).map(([key, value]) => [key, written(value)] as const);
  const rows = all
    .filter(
      ([key, value]) =>
        needle === "" || key.toLowerCase().includes(needle) || value.toLowerCase().includes(needle),
    )
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return (
    <section className={styles.section}>
      <h3>
        {title}{" "}
        <span className="faint">{needle === "" ? rows.length : `${rows.length} of ${all.length}`}</span>
      </h3>
      {rows.length === 0 && <p className="muted">{all.length === 0 ? "No attributes." : "None matches."}</p>}
      <dl className={styles.rows}>
        {rows.map(([key, value]) => (
          <div key={key} className={styles.row}>
            <dt className="mono">{breakable(key)}</dt>
            <dd className="mono">
              <FoldedText text={value} lines={6} chars={600} />
            </dd>
            <dd className={styles.copy}>
              <CopyButton text={value} what={`value of ${key}`} />
            </dd>
          </div>
        ))}
      </dl>
      {dropped > 0 && (
        <p className="muted">
          {plural(dropped, "more attribute")} dropped by the program that sent the span.
        </p>
      )}
    </section>
  );
}

function written(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Long keys break at their dots. */
function breakable(key: string) {
  return key.split(".").map((part, index) => (
    <Fragment key={index}>
      {index > 0 && (
        <>
          .<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}
