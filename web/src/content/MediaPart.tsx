import { useMemo, useState } from "react";
import type { MessagePart } from "../api";
import controls from "../ui/controls.module.css";
import styles from "./Content.module.css";
import { isWebAddress, mediaOf } from "./media";

export function MediaPart({ part }: { part: MessagePart }) {
  const media = useMemo(() => mediaOf(part), [part]);
  const [isBroken, setIsBroken] = useState(false);
  const [isLarge, setIsLarge] = useState(false);
  if (media.link !== null) return <Address uri={media.link} label={media.label} />;
  if (media.image === null || isBroken) {
    return (
      <span className={`${controls.chip} ${styles.file}`} data-media="file">
        {media.label}
        {isBroken && <span className="faint">cannot be shown</span>}
      </span>
    );
  }
  return (
    <figure className={styles.media} data-media="image">
      <button
        type="button"
        className={isLarge ? styles.large : undefined}
        aria-expanded={isLarge}
        aria-label={isLarge ? "Show the image smaller" : "Show the image larger"}
        onClick={() => setIsLarge(!isLarge)}
      >
        <img src={media.image} alt="Part of the message" onError={() => setIsBroken(true)} />
      </button>
      <figcaption className="faint">{media.label}</figcaption>
    </figure>
  );
}

function Address({ uri, label }: { uri: string; label: string }) {
  return (
    <span className={styles.address} data-media="address">
      <span className="muted">{label}</span>
      {isWebAddress(uri) ? (
        <a
          className="mono"
          href={uri}
          target="_blank"
          rel="noreferrer"
          title="Not loaded here. Opens in a new tab."
        >
          {uri}
        </a>
      ) : (
        <span className="mono">{uri}</span>
      )}
    </span>
  );
}
