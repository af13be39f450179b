import { effect } from "@preact/signals";
import { isHelpShown } from "../keys.ts";
import { totals } from "../state/fleet.ts";
import { hrefOf, type Place, place, ROOT } from "../state/place.ts";
import { logOut, visitor } from "../state/session.ts";
import { nextTheme, theme } from "../state/theme.ts";

const LINKS = [
  ["", "Fleet"],
  ["models", "Models"],
  ["operations", "Operations"],
  ["events", "Events"],
] as const;
const TITLES = new Map<string, string>([...LINKS, ["tokens", "Tokens"]]);

export function Header() {
  const who = visitor.value;
  const { view } = place.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf("")}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 1.8l8.8 5.1v10.2L12 22.2l-8.8-5.1V6.9z" />
        </svg>
        Queen
      </a>
      {who && (
        <nav aria-label="Views">
          {LINKS.map(([name, title]) => (
            <a
              key={name}
              href={hrefOf(name)}
              aria-current={view === name || (name === "" && view === "hives") ? "page" : undefined}
            >
              {title}
            </a>
          ))}
          {who.role === "operator" && (
            <a href={hrefOf("tokens")} aria-current={view === "tokens" ? "page" : undefined}>
              Tokens
            </a>
          )}
          <a href={`${ROOT.pathname}docs`}>API</a>
        </nav>
      )}
      <span class="who">
        {who?.hasSession && <span class="soft">{`${who.name ?? ""} ${who.role}`.trim()}</span>}
        <button type="button" class="quiet" onClick={nextTheme} title="Colours: as the system has them, light, or dark">
          Theme: {theme.value}
        </button>
        <button type="button" class="quiet" onClick={() => (isHelpShown.value = true)} title="Keys" aria-label="Keys">
          ?
        </button>
        {who?.hasSession && (
          <button type="button" class="quiet" onClick={() => void logOut()}>
            Log out
          </button>
        )}
      </span>
    </header>
  );
}

/** A tab, a bookmark and the history name what is shown. */
const titleOf = ({ view, name }: Place): string => [name ?? TITLES.get(view) ?? view, "Queen"].join(" · ");

/** How many are offline is seen in the row of tabs. */
effect(() => {
  const offline = totals.value?.offline ?? 0;
  document.title = `${offline > 0 ? `(${offline} offline) ` : ""}${titleOf(place.value)}`;
  const colour = offline > 0 ? "%23d1242f" : "%232f8f4e";
  const icon = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path fill='${colour}' d='M12 1.8l8.8 5.1v10.2L12 22.2l-8.8-5.1V6.9z'/></svg>`;
  document.querySelector("link[rel=icon]")?.setAttribute("href", `data:image/svg+xml,${icon}`);
});
