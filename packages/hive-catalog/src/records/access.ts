import type { Calls } from "../calls.ts";
import type { SqlClient } from "../drivers/client.ts";
import type { DamageWarnings } from "../sql/damage-warnings.ts";

/** What the verbs of a table need of their catalog. */
export type Access = {
  readonly client: SqlClient;
  readonly calls: Calls;
  readonly now: () => number;
  readonly warnings: DamageWarnings;
};
