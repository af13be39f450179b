import { signal } from "@preact/signals";

/** The hives for which something is to be done together. */
export const ticked = signal<ReadonlySet<string>>(new Set());

export function tick(ids: readonly string[], isOn: boolean): void {
  if (ids.every((id) => ticked.value.has(id) === isOn)) return;
  const next = new Set(ticked.value);
  for (const id of ids) {
    if (isOn) next.add(id);
    else next.delete(id);
  }
  ticked.value = next;
}

/** The hive at which the keyboard is. */
export const cursor = signal<string | undefined>(undefined);
