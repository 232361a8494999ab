import { Link } from "@tanstack/react-router";
import controls from "./controls.module.css";
import { Notice } from "./Notice";

export function NotFound() {
  return (
    <Notice
      title="There is no such page"
      action={
        <Link to="/ui/traces" search={{}} className={controls.btn}>
          All traces
        </Link>
      }
    >
      <p>
        Nothing is served at <span className="mono">{window.location.pathname}</span>. The link may be old or
        cut.
      </p>
    </Notice>
  );
}
