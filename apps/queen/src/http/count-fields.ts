import * as z from "zod";

export const count = z.int().min(0);

/** Fields with one for each of these names. */
export const countOfEach = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, count])) as Record<Name, typeof count>;
