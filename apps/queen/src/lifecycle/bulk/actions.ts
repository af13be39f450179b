import {
  type Cordon,
  type HiveCatalog,
  HiveCatalogError,
  type LabelChanges,
  type OperationRecord,
} from "@repo/hive-catalog";
import { changeOf, oneLine } from "../../fleet/device-changes.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { changeHive, withLabels } from "../../fleet/hive-changes.ts";
import { readHive } from "../../fleet/read-hive.ts";
import { hiveNotFound, onCatalogError } from "../../process/errors.ts";
import type { Lifecycle, OperationKind } from "../lifecycle.ts";
import type { OnStep } from "../operation-run.ts";

interface ActionParts {
  catalog: HiveCatalog;
  fleet: Fleet;
  lifecycle: Lifecycle;
}

/** What would be done to a hive, in words, or why there is no need for it. */
interface Preview {
  readonly isNeeded: boolean;
  readonly detail: string;
}

/** What came of it, where the preview did not know. */
interface Result {
  readonly detail?: string;
  /** That began, and goes on by itself. */
  readonly operation?: OperationRecord;
}

/** What is done to each of many hives. */
export interface HiveAction {
  /** Throws what doing it would throw, as far as that is known. Changes nothing. */
  preview(hiveId: string): Promise<Preview>;
  /** Does it, as the route for one hive does. */
  act(hiveId: string, onStep?: OnStep): Promise<Result>;
}

const needed = (detail: string): Preview => ({ isNeeded: true, detail });
const needless = (detail: string): Preview => ({ isNeeded: false, detail });

/** With `overwrite`, also in place of a cordon that ends later. */
export function cordoning(
  { reason, untilMs, overwrite }: Pick<Cordon, "reason" | "untilMs"> & { overwrite: boolean },
  parts: ActionParts,
): HiveAction {
  const end = endWords(untilMs);
  const atMs = (until: number | null) => until ?? Number.POSITIVE_INFINITY;
  return {
    async preview(id) {
      const before = await cordonOf(id, parts);
      if (before === undefined) return needed(`cordon ${end}`);
      if (before.reason === reason && before.untilMs === untilMs) return needless("is cordoned so already");
      const why = `for ${JSON.stringify(before.reason)}`;
      if (overwrite || atMs(before.untilMs) <= atMs(untilMs)) return needed(`cordon ${end}, in place of that ${why}`);
      const longer = `is cordoned for longer, ${endWords(before.untilMs)}, ${why}`;
      return needless(`${longer}: named alone, it is cordoned anew`);
    },
    async act(id) {
      await parts.fleet.cordons.set(id, { reason, untilMs });
      return {};
    },
  };
}

const endWords = (untilMs: number | null): string =>
  untilMs === null ? "until it is lifted" : `until ${new Date(untilMs).toISOString()}`;

export const uncordoning = (parts: ActionParts): HiveAction => ({
  async preview(id) {
    const cordon = await cordonOf(id, parts);
    if (cordon === undefined) return needless("is not cordoned");
    return needed(`end of the cordon for ${JSON.stringify(cordon.reason)}`);
  },
  async act(id) {
    await parts.fleet.cordons.lift(id);
    return {};
  },
});

/** With `overwrite`, also where the hive has another value of one of them. */
export const labelling = (
  { labels: changes, overwrite }: { labels: LabelChanges; overwrite: boolean },
  parts: ActionParts,
): HiveAction => ({
  async preview(id) {
    const { labels } = await withLabels(await readHive(id, parts), parts);
    const before = new Map(Object.entries(labels));
    const other = Object.entries(changes)
      .map(([key, value]) => ({ key, was: before.get(key) ?? null, value }))
      .filter(({ was, value }) => was !== value);
    const held = other.flatMap(({ key, was, value }) => (was === null || value === null ? [] : { key, was }));
    if (!overwrite && held.length > 0) throw labelsHeld(id, held);
    return other.length === 0 ? needless("has these labels already") : needed(other.map(wordsOf).join(", "));
  },
  async act(id) {
    await changeHive(id, { labels: changes }, parts, { keepsLabels: !overwrite });
    return {};
  },
});

function labelsHeld(hiveId: string, held: readonly { key: string; was: string }[]): Error {
  const message = held.map(({ key, was }) => `${key} is ${JSON.stringify(was)}`).join(", ");
  const problems = [{ field: "labels", message: `${message}, and overwrite is false` }];
  return new HiveCatalogError("INVALID_HIVE", `labels: ${problems[0]?.message}`, { hiveId, problems });
}

function wordsOf({ key, was, value }: { key: string; was: string | null; value: string | null }): string {
  const before = was === null ? "" : ` (was ${JSON.stringify(was)})`;
  return value === null ? `no ${key}${before}` : `${key}=${value}${before}`;
}

export const detecting = (parts: ActionParts): HiveAction => ({
  async preview(id) {
    const { host, port } = await readHive(id, parts);
    return needed(`${host}:${port} is asked for its devices`);
  },
  async act(id) {
    const report = await parts.fleet.devices.detect(await readHive(id, parts));
    const problems = report.problems.map((problem) => `could not be read: ${problem}`);
    return { detail: oneLine([changeOf(null, report) ?? "", ...problems]) };
  },
});

export const operating = (kind: OperationKind, { lifecycle }: ActionParts): HiveAction => ({
  async preview(id) {
    const { sshHost, sshUser } = await lifecycle.checkBeginning(kind, id);
    const user = sshUser === null ? "" : `${sshUser}@`;
    return needed(sshHost === null ? `${kind} on the queen's own machine` : `${kind} over SSH, ${user}${sshHost}`);
  },
  async act(id, onStep) {
    return { operation: await lifecycle.begin(kind, id, onStep) };
  },
});

export const removing = (
  { force }: { force: boolean },
  { catalog, lifecycle: { removal } }: ActionParts,
): HiveAction => ({
  async preview(id) {
    if (force) await checkThere(id, catalog);
    else await removal.check(id);
    return needed(force ? "its record goes, whatever runs there" : "its record goes");
  },
  async act(id) {
    await removal.remove(id, { force });
    return {};
  },
});

async function checkThere(id: string, catalog: HiveCatalog): Promise<void> {
  if (!(await catalog.hiveExists(id))) throw hiveNotFound(id);
}

/** What is remembered stands for one that another program damaged, and for one that it has just lifted. */
async function cordonOf(id: string, { catalog, fleet: { cordons } }: ActionParts): Promise<Cordon | undefined> {
  await checkThere(id, catalog);
  await cordons.ready();
  const stored = await catalog.cordons.get(id).catch(onCatalogError("CORRUPT_RECORD", () => undefined));
  return stored ?? cordons.get(id);
}
