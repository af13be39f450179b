import { inspect } from "node:util";
import { HiveCatalogError } from "../src/errors.ts";

/** The HiveCatalogError that `work` rejects with. Throws when it resolves, or rejects with anything else. */
export async function refusalOf(work: PromiseLike<unknown>): Promise<HiveCatalogError> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    if (error instanceof HiveCatalogError) return error;
    throw new Error(`expected a HiveCatalogError, but it rejected with ${inspect(error)}`, { cause: error });
  }
  throw new Error(`expected a HiveCatalogError, but it resolved to ${inspect(result)}`);
}

/** The fields that an error names. */
export function fieldsOf({ problems }: HiveCatalogError): string[] {
  return problems.map(({ field }) => field);
}
