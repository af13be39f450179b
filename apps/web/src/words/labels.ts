/** Of `env=prod, drained-`, as `hivectl label` has it: null takes a label away. Throws where a word is neither. */
export function labelsOf(text: string): Record<string, string | null> {
  const words = text.split(/[\s,]+/).filter(Boolean);
  return Object.fromEntries(words.map(labelOf));
}

function labelOf(word: string): [string, string | null] {
  const at = word.indexOf("=");
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
  if (/^[^=].*-$/.test(word)) return [word.slice(0, -1), null];
  throw new Error(`“${word}” is no label: key=value sets one, key- takes one away`);
}
