import { InvalidArgumentError, type Option } from "commander";

/** A flag that takes one of these words or several, in any case: with commas, or given several times, which is as if they stood in one list. */
export function someOf<Word extends string>(option: Option, words: readonly Word[]): Option {
  const isOne = (text: string): text is Word => words.some((word) => word === text);
  return option.choices(words).argParser((text: string, before: readonly Word[] = []): Word[] => {
    const given = text.toLowerCase().split(",");
    const strange = given.find((word) => !isOne(word));
    if (strange === undefined) return [...before, ...given.filter(isOne)];
    const got = given.length === 1 ? "" : `, got ${JSON.stringify(strange)}`;
    throw new InvalidArgumentError(`It must be one of ${words.join(", ")}, or several by commas${got}.`);
  });
}
