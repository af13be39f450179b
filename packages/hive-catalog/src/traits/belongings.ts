import { type SQL, sql } from "drizzle-orm";
import type { SqlStatement } from "../drivers/client.ts";
import type { DevicesInput } from "../model/hive.ts";
import type { LabelChanges } from "../model/label.ts";
import { type Given, statement } from "../sql/statement.ts";
import { addGpus, derivedGpus, removeGpus } from "./gpus.ts";
import { addLabels, removeKeys, removeLabels } from "./labels.ts";
import { hasHive } from "./presence.ts";

type Id = { id: string };
type WithLabels = Id & { labels: string };
type WithGpus = Id & { gpus: string; devicesHash: number };

type Changes = {
  /** In place of all labels, or merged into them; left out, they stay. */
  readonly labels?: LabelChanges | undefined;
  readonly mergesLabels?: boolean | undefined;
  /** As they are, and as their column holds them; left out, the GPUs that are derived from them stay. */
  readonly devices?: { readonly devices: DevicesInput | null; readonly devicesJson: string | null } | undefined;
};

/**
 * What belongs to a hive changes in the same transaction, before the hive itself and under the condition that holds for it too: so that both happen or
 * neither.
 */
function belongings(where: (given: Given<Id>) => SQL): (id: string, changes: Changes) => SqlStatement[] {
  const goingLabels = statement<Id>((given) => removeLabels(given, where(given)));
  const goingKeys = statement<WithLabels>((given) => removeKeys(given, where(given)));
  const newLabels = statement<WithLabels>((given) => addLabels(given, where(given)));
  const goingGpus = statement<Id>((given) => removeGpus(given, where(given)));
  const newGpus = statement<WithGpus>((given) => addGpus(given, where(given)));
  return (id, { labels, mergesLabels = false, devices }) => {
    const statements: SqlStatement[] = [];
    if (labels !== undefined) {
      const given = { id, labels: JSON.stringify(labels) };
      statements.push(mergesLabels ? goingKeys(given) : goingLabels(given));
      if (Object.keys(labels).length > 0) statements.push(newLabels(given));
    }
    if (devices !== undefined) {
      const { rows, devicesHash } = derivedGpus(devices.devicesJson, devices.devices);
      statements.push(goingGpus({ id }), newGpus({ id, gpus: JSON.stringify(rows), devicesHash }));
    }
    return statements;
  };
}

/** Of a hive that is not there yet. What an earlier one of that id left behind goes: a program that knows no labels may have removed it. */
export const belongingsOfNew = belongings(({ id }) => sql`NOT ${hasHive(id)}`);
export const belongingsOf = belongings(({ id }) => hasHive(id));
/** As long as `condition` holds for the hive. */
export const belongingsWhile = (condition: SQL) => belongings(({ id }) => hasHive(id, condition));
