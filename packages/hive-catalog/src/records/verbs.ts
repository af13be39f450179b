import type { Calls } from "../calls.ts";
import type { CallOptions } from "../options.ts";
import type { DamageWarnings } from "../sql/damage-warnings.ts";
import { collect, type Finder, pages } from "../sql/reading.ts";

/** What the verbs of a table need of their catalog. */
type Access = { readonly calls: Calls; readonly now: () => number; readonly warnings: DamageWarnings };

/** The verbs of a table. */
export abstract class Verbs {
  protected readonly run: Calls["run"];
  protected readonly now: () => number;
  protected readonly warnings: DamageWarnings;

  constructor({ calls, now, warnings }: Access) {
    this.run = calls.run.bind(calls);
    this.now = now;
    this.warnings = warnings;
  }

  /** All sound records that a finder finds; of each damaged one there is one process warning. */
  protected listed<Rec>(finder: Finder<Rec, object>, options: CallOptions | undefined): Promise<Rec[]> {
    const paging = { onDamage: this.warnings.of(finder.reader) };
    return this.run((client) => collect(pages(client, finder, {}, paging)), options);
  }
}
