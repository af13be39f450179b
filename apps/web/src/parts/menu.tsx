import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** A button with a small box below it, which closes with Esc, and when something else is used. */
export function Menu({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const closeFor = (event: Event) => {
      const menu = box.current;
      if (!menu?.open) return;
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      if (isEscape) menu.querySelector("summary")?.focus();
      else if (event instanceof KeyboardEvent || (event.target instanceof Node && menu.contains(event.target))) return;
      menu.open = false;
    };
    for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, closeFor);
    return () => {
      for (const type of ["pointerdown", "keydown"]) document.removeEventListener(type, closeFor);
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
