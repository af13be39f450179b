import { type SQL, sql } from "drizzle-orm";
import type { SqlStatement } from "../drivers/client.ts";
import type { DevicesInput } from "../model/hive.ts";
import type { Labels } from "../model/label.ts";
import { bound, type Given, statement } from "../sql/statement.ts";
import { addGpus, derivedGpus, removeGpus } from "./gpus.ts";
import { addLabels, removeKeys, removeLabels } from "./labels.ts";
import { hasHive } from "./presence.ts";

type Id = { id: string };
type WithLabels = Id & { labels: string };
type WithGpus = Id & { gpus: string; devicesHash: number };

/**
 * What belongs to a hive changes in the same transaction, before the hive itself and under the condition that holds for it too: so that both happen or
 * neither.
 */
const belongings = (where: (given: Given<Id>) => SQL) => ({
  removeLabels: statement<Id>((given) => removeLabels(given, where(given))),
  addLabels: statement<WithLabels>((given) => addLabels(given, where(given))),
  removeGpus: statement<Id>((given) => removeGpus(given, where(given))),
  addGpus: statement<WithGpus>((given) => addGpus(given, where(given))),
});
const ofAbsent = belongings(({ id }) => sql`NOT ${hasHive(id)}`);
const ofPresent = belongings(({ id }) => hasHive(id));

/** Devices as their column holds them, and as they are. */
type StoredDevices = { devicesJson: string | null; devices: DevicesInput | null };

/** Of a hive that is not there yet. What an earlier one of that id left behind goes: a program that knows no labels may have removed it. */
export function belongingsToAdd(id: string, labels: Labels = {}, devices: StoredDevices): SqlStatement[] {
  const statements = [ofAbsent.removeLabels({ id }), ofAbsent.removeGpus({ id })];
  if (Object.keys(labels).length > 0) statements.push(ofAbsent.addLabels({ id, labels: JSON.stringify(labels) }));
  statements.push(ofAbsent.addGpus({ id, ...gpuValues(devices) }));
  return statements;
}

/** In place of all labels that a hive has. */
export function labelsToReplace(id: string, labels: Labels): SqlStatement[] {
  return [ofPresent.removeLabels({ id }), ofPresent.addLabels({ id, labels: JSON.stringify(labels) })];
}

/** In place of the GPUs that were derived from the devices before. */
export function gpusToReplace(id: string, devices: StoredDevices): SqlStatement[] {
  return [ofPresent.removeGpus({ id }), ofPresent.addGpus({ id, ...gpuValues(devices) })];
}

type Changes = { labels?: object | undefined; replacesLabels: boolean; devices?: StoredDevices | undefined };

/** Those that a patch of a hive changes, as long as `condition` holds for the hive: labels key by key or all, GPUs all. */
export function belongingsToPatch(
  id: string,
  { labels, replacesLabels, devices }: Changes,
  condition: SQL,
): SqlStatement[] {
  const where = hasHive(id, condition);
  const queries = [];
  if (labels !== undefined) {
    const given = { id, labels: JSON.stringify(labels) };
    queries.push(replacesLabels ? removeLabels(given, where) : removeKeys(given, where), addLabels(given, where));
  }
  if (devices !== undefined) {
    queries.push(removeGpus({ id }, where), addGpus({ id, ...gpuValues(devices) }, where));
  }
  return queries.map((query) => bound(query.toSQL()));
}

function gpuValues({ devicesJson, devices }: StoredDevices): { gpus: string; devicesHash: number } {
  const { rows, devicesHash } = derivedGpus(devicesJson, devices);
  return { gpus: JSON.stringify(rows), devicesHash };
}
