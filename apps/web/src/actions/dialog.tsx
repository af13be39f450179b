import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { FaultBox } from "../parts/fault.tsx";
import { type Fault, faultOf } from "../state/api.ts";
import { showNow } from "../state/fleet.ts";
import { place } from "../state/place.ts";
import { visitor } from "../state/session.ts";
import type { ActionOnHive } from "../state/types.ts";
import { countText } from "../words/amounts.ts";
import type { Action } from "./actions.ts";
import { Outcomes } from "./outcomes.tsx";

interface Opened {
  readonly action: Action;
  readonly ids: readonly string[];
}
const opened = signal<Opened | undefined>(undefined);
const close = () => {
  opened.value = undefined;
};
// Whoever follows a link in it, or goes back, has left it.
place.subscribe(close);
// It would be above the login.
visitor.subscribe((who) => who === null && close());

export function openDialog(action: Action, ids: readonly string[]): void {
  opened.value = { action, ids };
}

export function ActionDialog() {
  const now = opened.value;
  return now === undefined ? null : <Dialog key={now.action.title} {...now} />;
}

type Stage = "asked" | "looked" | "running" | "done";

/** Says what will be done, then how it goes, hive by hive. Its end gives the focus back to what opened it. */
function Dialog({ action, ids }: Opened) {
  const box = useRef<HTMLDialogElement>(null);
  const [stage, setStage] = useState<Stage>("asked");
  const [lines, setLines] = useState<readonly ActionOnHive[]>([]);
  const [fault, setFault] = useState<Fault>();
  const [typed, setTyped] = useState("");
  useEffect(() => {
    box.current?.showModal();
  }, []);

  async function run(values: Readonly<Record<string, string>>, isDryRun: boolean): Promise<void> {
    setFault(undefined);
    setLines([]);
    if (!isDryRun) setStage("running");
    try {
      for await (const line of action.run(ids, values, isDryRun)) {
        if (line.type === "hive") setLines((before) => [...before, line]);
      }
      setStage(isDryRun ? "looked" : "done");
      if (!isDryRun) void showNow();
    } catch (error) {
      setFault(faultOf(error));
      setStage("asked");
    }
  }
  const valuesIn = (form: HTMLFormElement) =>
    Object.fromEntries([...new FormData(form)].map(([name, value]): [string, string] => [name, String(value).trim()]));
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    void run(valuesIn(event.currentTarget as HTMLFormElement), false);
  };
  const look = (event: MouseEvent) => {
    const { form } = event.currentTarget as HTMLButtonElement;
    if (form?.reportValidity()) void run(valuesIn(form), true);
  };
  const proof = ids.length === 1 ? (ids[0] ?? "") : String(ids.length);
  const isProven = !action.isDangerous || typed === proof;

  return (
    <dialog ref={box} aria-labelledby="dialog-title" onClose={close}>
      <form onSubmit={onSubmit}>
        <h2 id="dialog-title">{action.title}</h2>
        <p>{action.what}</p>
        {ids.length > 0 && <Targets ids={ids} />}
        <fieldset disabled={stage === "running" || stage === "done"}>
          {action.fields.map(({ name, title, hint, isRequired }) => (
            <label key={name}>
              {title}
              <input
                name={name}
                required={isRequired}
                placeholder={hint}
                autocomplete="off"
                onInput={() => setStage("asked")}
              />
            </label>
          ))}
          {action.isDangerous && (
            <label>
              {ids.length === 1 ? "Type the id of the hive" : "Type how many hives these are"}
              <input
                value={typed}
                autocomplete="off"
                placeholder={proof}
                onInput={({ currentTarget }) => setTyped(currentTarget.value)}
              />
            </label>
          )}
        </fieldset>
        {fault && <FaultBox fault={fault} />}
        {stage === "done" && ids.length === 0 && <p role="status">It is done.</p>}
        <Outcomes lines={lines} expected={ids.length} isRunning={stage === "running"} />
        <div class="buttons">
          {stage !== "done" && ids.length > 0 && (
            <button type="button" disabled={stage === "running"} onClick={look}>
              What would happen
            </button>
          )}
          {stage !== "done" && (
            <button
              type="submit"
              class={action.isDangerous ? "danger" : "primary"}
              disabled={stage === "running" || !isProven}
            >
              {action.title}
            </button>
          )}
          <button type="button" onClick={() => box.current?.close()}>
            {stage === "running" || stage === "done" ? "Close" : "Cancel"}
          </button>
        </div>
      </form>
    </dialog>
  );
}

const MAX_NAMED = 12;

function Targets({ ids }: { ids: readonly string[] }) {
  const named = ids.slice(0, MAX_NAMED).join(", ");
  const rest = ids.length - MAX_NAMED;
  return (
    <p class="targets">
      <b>{countText(ids.length, "hive")}</b>: <span class="mono">{named}</span>
      {rest > 0 && ` and ${rest} more`}
    </p>
  );
}
