/** What zod says by itself of an input that breaks a rule; a grammar of ours names the character first. */
const ZODS_OWN =
  /invalid (input|string|option|key|element)|too (small|big)|unrecognized|(?<!at character \d+: )expected(?!,)|received|nonoptional/i;

/** Those of these messages that say in zod's words what is wrong. */
export const inZodsWords = (messages: Iterable<string>): string[] =>
  [...messages].filter((text) => ZODS_OWN.test(text));

/** The way to a value in another one: the names of fields, or places in lists. */
type Path = readonly string[];

/** The way to every value in a JSON value, itself included. */
export function pathsIn(value: unknown): Path[] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner).map((path) => [key, ...path]))];
}

/** The same value with another one at `path`. */
export function withAt(value: unknown, [key, ...rest]: Path, wrong: unknown): unknown {
  if (key === undefined) return wrong;
  const changed: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value);
  changed[key] = withAt(changed[key], rest, wrong);
  return changed;
}
