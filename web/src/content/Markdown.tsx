/** What `parseMarkdown` read, as elements. */
import { type ReactNode, useMemo } from "react";
import styles from "./Markdown.module.css";
import { type Inline, parseMarkdown } from "./markdown";

export function Markdown({ source }: { source: string }) {
  const blocks = useMemo(() => parseMarkdown(source), [source]);
  return (
    <div className={styles.markdown}>
      {blocks.map((block, index) => {
        const key = `${block.kind}${index}`;
        switch (block.kind) {
          case "paragraph":
            return <p key={key}>{inline(block.children)}</p>;
          case "heading":
            // The page has its own headings; those of a message must not join its outline.
            return (
              <p key={key} className={block.level < 3 ? styles.h2 : styles.h3}>
                {inline(block.children)}
              </p>
            );
          case "code":
            return (
              <pre key={key} tabIndex={0}>
                {block.text}
              </pre>
            );
          case "quote":
            return (
              <blockquote key={key}>
                {block.lines.map((line, at) => (
                  <p key={at}>{inline(line)}</p>
                ))}
              </blockquote>
            );
          case "list":
            return (
              <ul key={key} className={styles.list}>
                {block.items.map((item, at) => (
                  <li key={at} style={{ marginLeft: item.indent * 16 }}>
                    <span className={styles.mark} aria-hidden="true">
                      {block.ordered && item.indent === 0 ? `${numberOf(block, at)}.` : "•"}
                    </span>
                    <span>{inline(item.children)}</span>
                  </li>
                ))}
              </ul>
            );
          case "table":
            return (
              <div key={key} className={styles.tableWrap} tabIndex={0} role="group" aria-label="Table">
                <table>
                  <thead>
                    <tr>
                      {block.head.map((cell, at) => (
                        <th key={at}>{inline(cell)}</th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {block.rows.map((row, at) => (
                      <tr key={at}>
                        {row.map((cell, column) => (
                          <td key={column}>{inline(cell)}</td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            );
          case "rule":
            return <hr key={key} />;
        }
        return null;
      })}
    </div>
  );
}

function numberOf(list: { start: number; items: { indent: number }[] }, at: number): number {
  return list.start + list.items.slice(0, at).filter((item) => item.indent === 0).length;
}

function inline(nodes: Inline[]): ReactNode {
  return nodes.map((node, index) => {
    const key = `${node.kind}${index}`;
    switch (node.kind) {
      case "text":
        return node.text;
      case "code":
        return <code key={key}>{node.text}</code>;
      case "strong":
        return <strong key={key}>{inline(node.children)}</strong>;
      case "em":
        return <em key={key}>{inline(node.children)}</em>;
      case "strike":
        return <s key={key}>{inline(node.children)}</s>;
      case "link":
        return (
          <a
            key={key}
            href={node.href}
            target="_blank"
            rel="noreferrer noopener"
            referrerPolicy="no-referrer"
          >
            {inline(node.children)}
          </a>
        );
    }
    return null;
  });
}
