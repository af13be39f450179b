import { signal } from "@preact/signals";

/** Where the paths of the queen begin, whatever a proxy puts before them: this file is ui/assets/… there. */
export const ROOT = new URL("../../", import.meta.url);
const UI = `${ROOT.pathname}ui`;

/** Where somebody is in the page: the address says all of it. */
export interface Place {
  /** "" is the fleet. */
  readonly view: string;
  /** The hive or the operation that is shown. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

export const place = signal<Place>(placeAt(location));

function placeAt({ pathname, search }: Pick<Location, "pathname" | "search">): Place {
  const [view = "", name] = pathname.slice(UI.length + 1).split("/");
  return { view, name: name === undefined ? undefined : decodeURIComponent(name), query: new URLSearchParams(search) };
}

export function hrefOf(view: string, name?: string, query = new URLSearchParams()): string {
  const path = [UI, view, name && encodeURIComponent(name)].filter(Boolean).join("/");
  return query.size === 0 ? path : `${path}?${query}`;
}

/** The place is another one; `replace` where there is nothing to come back to. */
export function go(href: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", href);
  const before = place.value;
  place.value = placeAt(location);
  if (before.view !== place.value.view || before.name !== place.value.name) scrollTo(0, 0);
}

/** Links within the page load nothing anew. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    place.value = placeAt(location);
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.origin !== location.origin || !isOfPage(link.pathname)) return;
    event.preventDefault();
    go(link.href);
  });
}

const isOfPage = (path: string): boolean => path === UI || path.startsWith(`${UI}/`);
