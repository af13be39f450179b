import { InvalidArgumentError } from "commander";

/** Reads a flag that takes several of these words: with commas, or given several times, which is as if they stood in one list. */
export function someOf<Word extends string>(words: readonly Word[]) {
  const isOne = (text: string): text is Word => words.some((word) => word === text);
  return (text: string, before: readonly Word[] = []): Word[] => {
    const given = text.split(",");
    const strange = given.find((word) => !isOne(word));
    if (strange === undefined) return [...before, ...given.filter(isOne)];
    const got = given.length === 1 ? "" : `, got ${JSON.stringify(strange)}`;
    throw new InvalidArgumentError(`It must be one of ${words.join(", ")}, or several by commas${got}.`);
  };
}
