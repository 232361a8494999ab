/** The frame of every page: the rail with what exists, the theme, the version and the keys. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { getInfo } from "../api";
import { useKeys } from "../keys";
import { useTheme } from "../theme";
import { Help } from "./Help";
import { BrandIcon, HelpIcon, MoonIcon, SunIcon, TracesIcon } from "./icons";
import styles from "./Shell.module.css";

export function Shell() {
  const [helpOpen, setHelpOpen] = useState(false);
  const [theme, toggleTheme] = useTheme();
  const info = useQuery({ queryKey: ["info"], queryFn: ({ signal }) => getInfo(signal), staleTime: 300_000 });
  useKeys({ "?": () => setHelpOpen(true) });
  const version = info.data?.version;
  const other = theme === "dark" ? "light" : "dark";

  return (
    <div className={styles.app}>
      <nav className={styles.rail} aria-label="Main">
        <Link to="/ui/traces" search={{}} className={styles.brand} aria-label="tracestead, all traces">
          <BrandIcon />
          <span className={styles.label}>tracestead</span>
        </Link>
        <Link to="/ui/traces" search={{}} className={styles.item} activeProps={{ className: styles.on }}>
          <TracesIcon />
          <span className={styles.label}>Traces</span>
        </Link>
        <div className={styles.gap} />
        <button
          type="button"
          className={styles.item}
          onClick={toggleTheme}
          aria-label={`Use the ${other} theme`}
        >
          {theme === "dark" ? <SunIcon /> : <MoonIcon />}
          <span className={styles.label}>{theme === "dark" ? "Light" : "Dark"}</span>
        </button>
        <button
          type="button"
          className={styles.item}
          onClick={() => setHelpOpen(true)}
          aria-label="Keys and shortcuts"
        >
          <HelpIcon />
          <span className={styles.label}>Keys</span>
        </button>
        {version !== undefined && <div className={styles.version}>{version}</div>}
      </nav>
      <main className={styles.main}>
        <Outlet />
      </main>
      <Help open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}
