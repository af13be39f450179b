import * as z from "zod";

type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

/** What is written as a schema says: the same, with the names that fields have in the code. */
type Written<Schema> =
  Schema extends z.ZodObject<infer Shape>
    ? { readonly [Name in keyof Shape as CamelCase<Name>]: Written<Shape[Name]> }
    : Schema extends z.ZodArray<infer Element>
      ? readonly Written<Element>[]
      : Schema extends z.ZodNullable<infer Inner>
        ? Written<Inner> | null
        : z.input<Schema>;

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Writes values as the schema of an answer says: the fields that it names, whatever else a value has. */
export function jsonWriter<Schema extends z.ZodType>(schema: Schema) {
  return writerOf(schema) as (value: Written<Schema>) => z.input<Schema>;
}

function writerOf(schema: unknown): (value: never) => unknown {
  if (schema instanceof z.ZodNullable) {
    const write = writerOf(schema.unwrap());
    return (value) => (value === null ? null : write(value));
  }
  if (schema instanceof z.ZodArray) {
    const write = writerOf(schema.element);
    return (values: never[]) => values.map(write);
  }
  if (!(schema instanceof z.ZodObject)) return (value) => value;
  const fields = Object.entries(schema.shape).map(([name, field]) => ({
    name,
    from: camelCase(name),
    write: writerOf(field),
  }));
  return (value: Record<string, never>) => {
    const json: Record<string, unknown> = {};
    for (const { name, from, write } of fields) json[name] = write(value[from] as never);
    return json;
  };
}
