import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

const SHOWN_MS = 1500;

/** Browsers let a page write the clipboard only where nobody can read on the way. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  if (!("clipboard" in navigator)) return null;
  const copy = async () => {
    const isDone = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    setCopied(isDone);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <button type="button" class="copy" title={`Copy ${what}`} aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name={isCopied ? "done" : "copy"} />
    </button>
  );
}

interface CopiedCode {
  readonly text: string;
  readonly what?: string;
  readonly children?: ComponentChildren;
}

/** Something for a terminal. */
export const CopiedCode = ({ text, what = "command", children }: CopiedCode) => (
  <span class="command">
    <code>{text}</code>
    <Copy text={text} what={what} />
    {children}
  </span>
);
