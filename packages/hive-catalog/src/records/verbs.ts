import type { Calls } from "../calls.ts";
import type { DamageWarnings } from "../sql/damage-warnings.ts";

/** What the verbs of a table need of their catalog. */
type Access = { readonly calls: Calls; readonly now: () => number; readonly warnings: DamageWarnings };

/** The verbs of a table. */
export abstract class Verbs {
  protected readonly access: Access;

  constructor(access: Access) {
    this.access = access;
  }
}
