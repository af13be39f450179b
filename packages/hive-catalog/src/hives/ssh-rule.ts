import { and, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import { HiveCatalogError } from "../errors.ts";
import { type HiveChanges, SSH_FIELDS } from "../model/hive.ts";
import { hives } from "../schema.ts";

/** Holds for the rows in which, after these changes, an SSH port or user stands only beside an SSH host; and for those that have it so already. */
export function keepsSshRule(changes: HiveChanges): SQL | undefined {
  const named = SSH_FIELDS.filter((name) => changes[name] !== undefined);
  if (named.length === 0) return undefined;
  const after = (name: (typeof SSH_FIELDS)[number]) =>
    changes[name] === undefined ? sql`${hives[name]}` : sql`${changes[name]}`;
  const keepsRule = or(isNotNull(after("sshHost")), and(isNull(after("sshPort")), isNull(after("sshUser"))));
  return or(keepsRule, and(...named.map((name) => sql`${hives[name]} IS ${changes[name]}`)));
}

/** The INVALID_HIVE for changes that `keepsSshRule` kept out. */
export function brokenSshRule(id: string, changes: HiveChanges): HiveCatalogError {
  const named = (["sshPort", "sshUser"] as const).filter((name) => (changes[name] ?? null) !== null);
  const problems =
    named.length > 0
      ? named.map((field) => ({ field, message: "is allowed only together with sshHost" }))
      : [{ field: "sshHost", message: "is needed as long as there is an sshPort or an sshUser" }];
  const list = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new HiveCatalogError("INVALID_HIVE", `hive '${id}' is not valid: ${list}`, { hiveId: id, problems });
}
