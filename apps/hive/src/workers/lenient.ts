import * as z from "zod";

// What a server answers is read leniently: what is missing, or of another kind than was expected, is not known.

export const text = z.string().min(1).optional().catch(undefined);
export const flag = z.boolean().optional().catch(undefined);
export const count = z.int().min(0).optional().catch(undefined);

/** The sound ones of a list; none where there is no list. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((all) => all.flatMap((one) => soundOf(item, one)));

function soundOf<Item extends z.ZodType>(item: Item, one: unknown): z.output<Item>[] {
  const { success, data } = item.safeParse(one);
  return success ? [data] : [];
}

/** An object with these fields; one without any where there is none. */
export function objectOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const object = z.object(shape);
  return z
    .unknown()
    .optional()
    .transform((value) =>
      object.parse(typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}),
    );
}
