import type { QueenEvent, Query } from "@repo/queen-client";
import { Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { timed } from "../output/table.ts";
import { parseDuration, parseTime } from "../output/times.ts";
import type { Session } from "../session.ts";
import { addressText, labelsText, workersText } from "./hive-columns.ts";
import { idsOf } from "./ids.ts";
import { eventsSince, eventsUpToNow } from "./kept-events.ts";
import { noSuchHive, rowsOf } from "./one-hive.ts";
import { exitCodeOf } from "./outcome.ts";
import { someOf } from "./several.ts";
import { showing } from "./shown-columns.ts";
import { printList, refuseDocuments } from "./small-list.ts";
import type { AddVerb, Call } from "./verb.ts";

export type Told = Exclude<QueenEvent, { type: "hello" | "gap" }>;
type EventKind = NonNullable<Query<"readEvents">["kind"]>[number];

interface Flags {
  readonly since?: string;
  readonly kind?: EventKind[];
  readonly watch?: true;
}

const PAGE = 200;
const EVENT_ID = /^[0-9a-z]+-\d+$/;
const KINDS: readonly EventKind[] = [
  "status",
  "cordon",
  "operation",
  "operation_step",
  "hive_added",
  "hive_changed",
  "workers",
  "hive_removed",
  "liveness",
];

/** Without --kind: what beats and steps bring would hide all else. */
export const UNASKED = KINDS.filter((kind) => kind !== "workers" && kind !== "operation_step");

export const addGetEvents: AddVerb = (parent, does) => {
  showing(parent.command("events"), EVENTS)
    .alias("event")
    .description(
      "Lists what happened to the fleet, or to the hives that are named, as far as the queen still keeps it.",
    )
    .argument("[id...]", "of hives; - reads them from stdin")
    .addOption(
      someOf(
        new Option("--kind <kind,...>", "of these kinds alone (default: all but workers and operation_step)"),
        KINDS,
      ),
    )
    .option("--since <when>", "what happened since: 10m, 2026-12-01T08:00Z, or the id of an event, which -o wide shows")
    .option("-w, --watch", "go on with what happens, until Ctrl-C")
    .addHelpText("after", examples(["pnpm -s hivectl get events -w --kind status,cordon"]))
    .action(does<Flags>(getEvents));
};

async function getEvents(session: Session, { args, flags }: Call<Flags>): Promise<number> {
  const { after, fromMs } = sinceOf(flags.since, session.nowMs);
  const kind = flags.kind ?? UNASKED;
  const ids = args.length === 0 ? undefined : await idsOf(session, args);
  const named = ids && new Set(ids);
  const unheard = new Set(ids);
  const isWanted = (event: Told) => {
    const hive = hiveOf(event) ?? "";
    unheard.delete(hive);
    return named?.has(hive) !== false && event.data.at_ms >= (fromMs ?? 0);
  };
  if (flags.watch) {
    refuseDocuments(session);
    const printer = session.printer(EVENTS, { isWatch: true });
    for await (const event of told(session, eventsSince(session, { kind }, after), isWanted)) {
      await printer.print([event]);
    }
    return EXIT.done;
  }
  const what = args.length > 0 || flags.kind !== undefined ? "nothing of that" : "nothing";
  const none = `${what} has happened since ${flags.since === undefined ? "the queen started" : "then"}`;
  await printList(session, EVENTS, inPages(told(session, eventsUpToNow(session, { kind }, after), isWanted)), { none });
  if (fromMs !== undefined) await sayUnkept(session, fromMs);
  const all = ids?.length ?? 0;
  return exitCodeOf(all, all - (await sayMissing(session, [...unheard])));
}

/** Says which of these hives there are not, and returns how many. */
async function sayMissing(session: Session, ids: readonly string[]): Promise<number> {
  let missing = 0;
  for await (const batch of rowsOf(session, ids, {})) {
    for (const [id] of batch.filter(([, row]) => row === undefined)) {
      session.terminal.complain(noSuchHive(id));
      missing += 1;
    }
  }
  return missing;
}

/** The event after which they are told, or from when on. */
function sinceOf(since: string | undefined, nowMs: number): { after?: string; fromMs?: number } {
  if (since === undefined) return {};
  if (EVENT_ID.test(since)) return { after: since };
  const agoMs = parseDuration(since);
  const fromMs = agoMs === undefined ? parseTime(since) : nowMs - agoMs;
  if (fromMs !== undefined) return { fromMs };
  throw new UsageProblem(`--since must be 10m, 2026-12-01T08:00Z or the id of an event, for one, not ${since}`);
}

/** So many in columns as wide as any of them needs. */
async function* inPages(events: AsyncIterable<Told>): AsyncGenerator<Told[]> {
  let page: Told[] = [];
  for await (const event of events) {
    page.push(event);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

async function sayUnkept({ queen, call, terminal, times }: Session, fromMs: number): Promise<void> {
  const { started_at_ms } = await queen.getHealth(call);
  if (fromMs < started_at_ms) terminal.say(`events are kept since the queen started, ${times.at(started_at_ms)}`);
}

async function* told(session: Session, events: AsyncIterable<QueenEvent>, isWanted: (event: Told) => boolean) {
  for await (const event of events) {
    if (event.type === "gap") session.terminal.say(`some are no longer kept, or were missed (${event.data.why})`);
    if (isTold(event) && isWanted(event)) yield event;
  }
}

export const isTold = (event: QueenEvent): event is Told => KINDS.some((kind) => kind === event.type);

export const hiveOf = ({ data }: Told): string | undefined => ("hive_id" in data ? data.hive_id : undefined);

/** Labels are told with every change over the API, and shown where they are what is other. */
function changeText({ changed = "", labels }: Extract<Told, { type: "hive_changed" }>["data"]): string {
  return labels === undefined ? changed : changed.replace(/labels$/, `labels ${labelsText(labels) || "none"}`);
}

export function detailOf(event: Told): string {
  switch (event.type) {
    case "status":
      return `${event.data.was} → ${event.data.status}: ${event.data.why}`;
    case "cordon":
      if (event.data.cordoned) return event.data.reason ?? "";
      return event.data.until_ms === null ? "lifted" : "ran out";
    case "operation":
      return `${event.data.kind} ${event.data.state} (${event.data.id})`;
    case "operation_step":
      return `${event.data.kind}: ${event.data.step} (${event.data.id})`;
    case "hive_added":
      return addressText(event.data);
    case "hive_changed":
      return changeText(event.data);
    case "workers":
      return workersText(event.data.row?.workers ?? null);
    case "hive_removed":
      return "";
    case "liveness":
      return `${event.data.kind}: ${event.data.why}`;
  }
}

const EVENTS: Kind<Told> = {
  name: "events",
  nameOf: ({ id }) => id,
  columns: [
    timed("AT", ({ data }) => data.at_ms),
    { title: "HIVE", cell: (event) => hiveOf(event) ?? "-" },
    { title: "KIND", cell: ({ type }) => type, minWidth: "hive_changed".length },
    { title: "EVENT-ID", isWide: true, cell: ({ id }) => id },
    { title: "DETAIL", cell: detailOf },
  ],
};
