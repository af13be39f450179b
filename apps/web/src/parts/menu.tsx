import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** The last of something else that has the focus now, as after Tab. */
const CLOSING = ["pointerdown", "keydown", "focusin"];

/** A button with a small box below it, which closes with Esc, and when something else is used. */
export function Menu({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const closeFor = (event: Event) => {
      const menu = box.current;
      if (!menu?.open) return;
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      if (isEscape) {
        // It closes this, and means nothing else.
        event.preventDefault();
        menu.querySelector("summary")?.focus();
      } else if (event instanceof KeyboardEvent || (event.target instanceof Node && menu.contains(event.target)))
        return;
      menu.open = false;
    };
    // Before whoever else listens for keys.
    for (const type of CLOSING) document.addEventListener(type, closeFor, { capture: true });
    return () => {
      for (const type of CLOSING) document.removeEventListener(type, closeFor, { capture: true });
    };
  }, []);
  return (
    <details class="menu" ref={box}>
      <summary>
        {title}
        <Icon name="down" />
      </summary>
      <div class="box">{children}</div>
    </details>
  );
}
