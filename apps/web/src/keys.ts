import { effect, signal } from "@preact/signals";
import { cordon } from "./actions/actions.ts";
import { openDialog } from "./actions/dialog.tsx";
import { order, rowOf } from "./state/fleet.ts";
import { go, hrefOf, place, ROOT } from "./state/place.ts";
import { whyReadOnly } from "./state/session.ts";
import { cursor, tick, ticked } from "./state/ticked.ts";

/** Whether the list of keys is shown. */
export const isHelpShown = signal(false);

const KEY = `queen-keys ${ROOT.pathname}`;
/** Whether keys mean something by themselves: who speaks to his computer, or is new to the keyboard, switches that off. */
export const areKeysOn = signal(localStorage.getItem(KEY) !== "off");
effect(() => {
  if (areKeysOn.value) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, "off");
});

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["/", "Search"],
  ["j  k", "Next, previous hive"],
  ["Enter", "Open the hive"],
  ["x", "Tick the hive"],
  ["c", "Cordon the ticked hives, or this one"],
  ["g f", "Fleet"],
  ["g m", "Models"],
  ["g o", "Operations"],
  ["g e", "Events"],
  ["?", "These keys"],
  ["Esc", "Close, untick"],
];

const VIEWS: Readonly<Record<string, string>> = { f: "", m: "models", o: "operations", e: "events" };
let wasG = false;

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    // A dialog has its own keys.
    if (document.querySelector("dialog[open]") !== null || !areKeysOn.value) return;
    if (press(event.key)) event.preventDefault();
  });
  // Where Tab leads to, or a click, keys go on.
  document.addEventListener("focusin", ({ target }) => {
    const row = target instanceof Element ? target.closest("tr[id^=row-]") : null;
    if (row !== null) cursor.value = row.id.slice("row-".length);
  });
}

/** Whether the key means something here. */
function press(key: string): boolean {
  const view = wasG ? VIEWS[key] : undefined;
  wasG = key === "g";
  if (view !== undefined) go(hrefOf(view));
  else if (key === "?") isHelpShown.value = true;
  else return pressInFleet(key);
  return true;
}

function pressInFleet(key: string): boolean {
  if (place.value.view !== "") return false;
  const id = cursor.value !== undefined && isShown(cursor.value) ? cursor.value : undefined;
  if (key === "/") document.getElementById("search")?.focus();
  else if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "Escape") tick([...ticked.value], false);
  else if (id === undefined) return false;
  else if (key === "x") tick([id], !ticked.value.has(id));
  else if (key === "c" && whyReadOnly.value === undefined)
    openDialog(cordon, ticked.value.size > 0 ? [...ticked.value] : [id]);
  else return false;
  return true;
}

/** Nothing is done to a hive that nobody sees. */
const isShown = (id: string): boolean => order.value?.includes(id) === true && rowOf(id)?.value.isGone === false;

function move(by: number): void {
  const ids = order.value ?? [];
  const at = cursor.value === undefined ? -1 : ids.indexOf(cursor.value);
  const next = ids[Math.min(Math.max(at + by, 0), ids.length - 1)];
  cursor.value = next;
  // Enter follows the link, as it does everywhere.
  document.getElementById(`row-${next}`)?.querySelector<HTMLElement>("a.id")?.focus();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:TEXTAREA|SELECT)$/.test(target.tagName) || isTextField(target));

const isTextField = (element: HTMLElement): boolean =>
  element instanceof HTMLInputElement && element.type !== "checkbox";
