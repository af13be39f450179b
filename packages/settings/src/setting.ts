import type * as z from "zod";

/** A setting. Its name gives its flag and its variable: `staleAfterMs` of the queen is `--stale-after-ms` and `QUEEN_STALE_AFTER_MS`. */
export interface Setting {
  /** What stands for the value in the help: `--stale-after-ms <ms>`. */
  readonly placeholder: string;
  readonly help: string;
  /** Reads the text that was given. Its messages are rules ("must be …"), its default is that of the setting. */
  readonly schema: z.ZodType;
  /** How the help says the default, where the value itself does not say it well. */
  readonly defaultHelp?: string;
}

/** A setting that has no flag, so that it is in no process list. No message shows its value. */
export interface Secret {
  /** What it is, in one word: "token". */
  readonly secret: string;
  readonly help: string;
  readonly schema: z.ZodType;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type Declarations = Readonly<Record<string, Setting | Secret>>;

/** What declared settings are when they are read. */
export type ValuesOf<D extends Declarations> = { readonly [Name in keyof D]: z.output<D[Name]["schema"]> };

interface Names {
  readonly name: string;
  readonly flag: string;
  readonly variable: string;
}
export type Named<Declared = Setting | Secret> = Declared & Names;

export function named<Declared>(prefix: string, name: string, declared: Declared): Named<Declared> {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const variable = `${prefix}_${words.replaceAll("-", "_").toUpperCase()}`;
  return { ...declared, name, flag: `--${words}`, variable };
}

export const isSecret = (one: Named): one is Named<Secret> => "secret" in one;
