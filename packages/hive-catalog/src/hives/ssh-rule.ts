import { and, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import { HiveCatalogError } from "../errors.ts";
import type { HiveChanges } from "../model/hive.ts";
import { hives } from "../schema.ts";

/** Holds for the rows in which, after these changes, an SSH port or user stands only beside an SSH host. */
export function keepsSshRule(changes: HiveChanges): SQL | undefined {
  if (!("sshHost" in changes || "sshPort" in changes || "sshUser" in changes)) return undefined;
  const after = (name: "sshHost" | "sshPort" | "sshUser") =>
    changes[name] === undefined ? sql`${hives[name]}` : sql`${changes[name]}`;
  return or(isNotNull(after("sshHost")), and(isNull(after("sshPort")), isNull(after("sshUser"))));
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
