import { Link } from "@tanstack/react-router";
import type { SpanDetail, SpanEvent } from "../api";
import { ExceptionCard } from "../content/ExceptionCard";
import { duration, plural, shortId, timestamp } from "../format";
import { AttributeTable } from "./AttributesTab";
import styles from "./EventsTab.module.css";

export function EventsTab({ detail }: { detail: SpanDetail }) {
  const exceptions = detail.events.filter((event) => event.name === "exception");
  const others = detail.events.filter((event) => event.name !== "exception");
  return (
    <div className={styles.tab}>
      {detail.events.length === 0 && <p className="muted">This span recorded no events.</p>}
      {[...exceptions, ...others].map((event, index) => (
        <section key={index} className={styles.event}>
          <h3>
            {event.name}
            <span className="faint" title={timestamp(event.time_ns)}>
              +{duration(Number(BigInt(event.time_ns) - BigInt(detail.start_time_ns)))} after the start
            </span>
          </h3>
          {event.name === "exception" ? <Exception event={event} /> : null}
          {Object.keys(rest(event)).length > 0 && (
            <AttributeTable
              title="Attributes"
              attributes={rest(event)}
              dropped={event.dropped_attributes_count}
            />
          )}
        </section>
      ))}
      {detail.dropped_events_count > 0 && (
        <p className="muted">{plural(detail.dropped_events_count, "more event")} dropped by the sender.</p>
      )}
      {detail.links.length > 0 && (
        <section className={styles.event}>
          <h3>Links</h3>
          {detail.links.map((link) => (
            <div key={`${link.trace_id}${link.span_id}`}>
              <Link
                to="/ui/traces/$traceId"
                params={{ traceId: link.trace_id }}
                search={{ span: link.span_id }}
                className={`mono ${styles.link}`}
              >
                trace {shortId(link.trace_id)}, span {shortId(link.span_id)}
              </Link>
              {Object.keys(link.attributes).length > 0 && (
                <AttributeTable title="Attributes" attributes={link.attributes} />
              )}
            </div>
          ))}
        </section>
      )}
    </div>
  );
}

const SHOWN_IN_CARD = ["exception.type", "exception.message", "exception.stacktrace"];

function Exception({ event }: { event: SpanEvent }) {
  const field = (name: string) => {
    const value = event.attributes[name];
    return typeof value === "string" ? value : null;
  };
  return (
    <ExceptionCard
      type={field("exception.type")}
      message={field("exception.message")}
      stacktrace={field("exception.stacktrace")}
    />
  );
}

function rest(event: SpanEvent) {
  if (event.name !== "exception") return event.attributes;
  return Object.fromEntries(Object.entries(event.attributes).filter(([key]) => !SHOWN_IN_CARD.includes(key)));
}
