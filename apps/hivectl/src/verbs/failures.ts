/** Kinds in one sentence: more than these nobody reads there. */
const KINDS = 5;

/** Of failures what the last sentence says: the one with its name, several by why, since each has its line. */
export function failuresText(failures: readonly { readonly name: string; readonly why: string }[]): string {
  const [only, ...others] = failures;
  if (only !== undefined && others.length === 0) return `1 failed: ${only.name} ${only.why}`;
  const counts = new Map<string, number>();
  for (const { why } of failures) counts.set(why, (counts.get(why) ?? 0) + 1);
  const kinds = [...counts].toSorted(([, one], [, other]) => other - one);
  const said = kinds.slice(0, KINDS).map(([why, count]) => (kinds.length === 1 ? why : `${count} ${why}`));
  return `${failures.length} failed: ${said.join(", ")}${kinds.length > KINDS ? ", …" : ""}`;
}
