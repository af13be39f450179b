import type { Calls } from "../calls.ts";
import type { CallOptions } from "../options.ts";
import type { DamageWarnings } from "../sql/damage-warnings.ts";
import { collect, type Finder, pages } from "../sql/reading.ts";

/** What the verbs of a table need of their catalog. */
type Access = { readonly calls: Calls; readonly now: () => number; readonly warnings: DamageWarnings };

/** The verbs of a table. */
export abstract class Verbs {
  protected readonly access: Access;

  constructor(access: Access) {
    this.access = access;
  }

  /** All sound records that a finder finds; of each damaged one there is one process warning. */
  protected listed<Rec>(finder: Finder<Rec, object>, options: CallOptions | undefined): Promise<Rec[]> {
    const { calls, warnings } = this.access;
    const paging = { onDamage: warnings.of(finder.reader) };
    return calls.run((client) => collect(pages(client, finder, {}, paging)), options);
  }
}
