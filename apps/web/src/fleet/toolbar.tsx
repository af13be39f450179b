import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import { client } from "../state/api.ts";
import { go, hrefOf, place } from "../state/place.ts";
import { FILTERS } from "../words/filters.ts";
import { COLUMNS, columnsOf, DEFAULT_COLUMNS } from "./columns.tsx";
import { withParameter } from "./filters.ts";

const TYPING_MS = 250;
/** To group by. */
const MAX_KEYS = 1000;

export function Toolbar() {
  return (
    <div class="toolbar">
      <Search />
      <Menu title="Filter">
        <FilterForm />
      </Menu>
      <GroupBy />
      <Menu title="Columns">
        <ColumnChooser />
      </Menu>
      <FilterChips />
    </div>
  );
}

/** What is typed stands as it is: the address has it without blanks around it, and later. */
function Search() {
  const text = place.value.query.get("text") ?? "";
  const input = useRef<HTMLInputElement>(null);
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (input.current && input.current.value.trim() !== text) input.current.value = text;
  }, [text]);
  // Whoever has gone elsewhere is not brought back.
  useEffect(() => () => clearTimeout(typing.current), []);
  const onInput = ({ currentTarget: { value } }: { currentTarget: HTMLInputElement }) => {
    clearTimeout(typing.current);
    typing.current = setTimeout(
      () => go(withParameter(place.value.query, "text", value.trim()), { replace: true }),
      TYPING_MS,
    );
  };
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        id="search"
        placeholder="Search id, host, label"
        aria-label="Search id, host, label"
        ref={input}
        onInput={onInput}
      />
      <kbd>/</kbd>
    </label>
  );
}

function FilterForm() {
  const [name, setName] = useState("selector");
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const value = String(new FormData(form).get("value")).trim();
    form.closest("details")?.removeAttribute("open");
    form.reset();
    go(withParameter(place.value.query, name, value));
  };
  return (
    <form class="stack" onSubmit={onSubmit}>
      <label>
        What
        <select value={name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
          {Object.entries(FILTERS).map(([filter, { title }]) => (
            <option key={filter} value={filter}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        Value
        <input name="value" required autocomplete="off" spellcheck={false} placeholder={FILTERS[name]?.hint} />
      </label>
      <p class="hint">For example {FILTERS[name]?.hint}</p>
      <button type="submit" class="primary">
        Filter
      </button>
    </form>
  );
}

/** Keys of labels are read when somebody wants to group by one. */
function GroupBy() {
  const [keys, setKeys] = useState<readonly string[]>([]);
  const current = place.value.query.get("group_by") ?? "";
  const readKeys = async () => {
    const { labels } = await client.value.listLabels({ limit: MAX_KEYS }).catch(() => ({ labels: [] }));
    setKeys(labels.map(({ key }) => key));
  };
  const known = keys.includes(current) || current === "" ? keys : [current, ...keys];
  return (
    <label class="group-by">
      <span>Group by</span>
      <select
        value={current}
        onFocus={() => void readKeys()}
        onPointerEnter={() => void readKeys()}
        onChange={({ currentTarget }) => go(withParameter(place.value.query, "group_by", currentTarget.value))}
      >
        <option value="">nothing</option>
        {known.map((key) => (
          <option key={key} value={key}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}

function ColumnChooser() {
  const { query } = place.value;
  const shown = columnsOf(query).map(({ name }) => name);
  const toggle = (name: string, isOn: boolean) => {
    const names = COLUMNS.map((column) => column.name).filter((other) =>
      other === name ? isOn : shown.includes(other),
    );
    const isDefault = names.join() === DEFAULT_COLUMNS.join();
    go(withParameter(query, "cols", isDefault ? undefined : names.join(",")), { replace: true });
  };
  return (
    <div class="stack">
      {COLUMNS.map(({ name, title }) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={shown.includes(name)}
            disabled={name === "id"}
            onChange={({ currentTarget }) => toggle(name, currentTarget.checked)}
          />
          {title}
        </label>
      ))}
    </div>
  );
}

function FilterChips() {
  const { query } = place.value;
  const set = Object.keys(FILTERS).filter((name) => query.has(name));
  if (set.length === 0) return null;
  const cleared = new URLSearchParams([...query].filter(([name]) => !(name in FILTERS)));
  return (
    <ul class="chips filters" aria-label="Filters">
      {set.map((name) => (
        <li key={name} class="chip">
          <span class="key">{FILTERS[name]?.title}</span>
          <span class="value">{query.get(name)}</span>
          <a href={withParameter(query, name, undefined)} aria-label={`Without the filter ${FILTERS[name]?.title}`}>
            <Icon name="remove" />
          </a>
        </li>
      ))}
      <li>
        <a class="quiet" href={hrefOf("", undefined, cleared)}>
          Clear all
        </a>
      </li>
    </ul>
  );
}
