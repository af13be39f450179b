import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Body, hivesWithToken, type Schema } from "@repo/queen-client";
import { makeFolders } from "@repo/settings";
import { EXIT } from "../failure.ts";
import type { Kind } from "../output/records.ts";
import type { Session } from "../session.ts";
import type { HiveFilter } from "./hive-filter.ts";
import { idsThatAre } from "./ids.ts";
import { makeToken } from "./make-token.ts";
import { exitCodeOf } from "./outcome.ts";

interface Written {
  readonly id: string;
  readonly hive_id: string | null;
  readonly file: string;
}

interface Which {
  readonly filter: HiveFilter;
  readonly validity: Pick<Body<"createToken">, "expires_at_ms">;
}

/** More than a token takes. */
const ROOM_BYTES = 256;

/** Makes a token for each of these hives that has none in force, and writes it to a file of its own. Returns the exit code. */
export async function writeTokens(session: Session, folder: string, { filter, validity }: Which): Promise<number> {
  const { terminal } = session;
  const having = await hivesWithToken(session.queen, session, session.call);
  const ids = await idsThatAre(session, filter);
  const lacking = ids.filter((id) => !having.has(id));
  const kept = ids.length - lacking.length;
  if (kept > 0) terminal.say(`${kept} of ${ids.length} have a token in force, and get no further one`);
  if (lacking.length === 0) {
    terminal.say(ids.length === 0 ? "there is no such hive" : "nothing was done");
    return EXIT.done;
  }
  makeFolders(folder);
  terminal.goOnUnread();
  const printer = session.printer(WRITTEN);
  let written = 0;
  try {
    for (const id of lacking) {
      const token = await writeOf(session, id, { folder, validity });
      if (token === undefined) continue;
      written += 1;
      await printer.print([token]);
    }
  } catch (error) {
    const why = session.signal.aborted ? "interrupted" : "it broke off";
    terminal.complain(`${why}: ${written} of ${lacking.length} are written, and the same call makes the others`);
    throw error;
  }
  await printer.end();
  if (written > 0) terminal.say("take each to its hive, and name it there in HIVE_TOKEN_FILE");
  return exitCodeOf(lacking.length, written);
}

/** The token of one hive, where its file could be written. */
function writeOf(
  session: Session,
  id: string,
  { folder, validity }: { folder: string; validity: Which["validity"] },
): Promise<Written | undefined> {
  // What another program called a hive may lead out of the folder.
  const file = join(folder, `${encodeURIComponent(id)}.token`);
  return writeToken(session, file, { name: id, role: "hive", hive_id: id, ...validity });
}

/** Makes a token in a new file; undefined where that could not be written, which is said. */
export async function writeToken(
  session: Session,
  file: string,
  body: Body<"createToken">,
): Promise<Written | undefined> {
  try {
    const token = await writeNew(session, file, body);
    return token && { id: token.id, hive_id: token.hive_id, file };
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const isThere = "code" in error && error.code === "EEXIST";
    const why = isThere ? `${file} is there already, and stays as it is` : unwritable(file, error);
    session.terminal.complain(`${body.name}: ${why}`);
    return undefined;
  }
}

/** The file comes first, with room for the token: where there can be none, no token is made. Undefined where it could not be written all the same. */
async function writeNew(
  session: Session,
  path: string,
  body: Body<"createToken">,
): Promise<Schema<"TokenMade"> | undefined> {
  const file = await open(path, "wx", 0o600);
  let made: Schema<"TokenMade"> | undefined;
  try {
    await overwrite(file, " ".repeat(ROOM_BYTES));
    made = await makeToken(session, body, ({ token }) =>
      overwrite(file, `${token}\n`).catch((error) => {
        throw new Error(unwritable(path, error), { cause: error });
      }),
    );
    return made;
  } finally {
    await file.close();
    if (made === undefined) await rm(path);
  }
}

/** On disk, in the place of what stands there, whose room it takes. */
async function overwrite(file: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
  await file.truncate(bytes.length);
  await file.datasync();
}

const unwritable = (path: string, { message }: Error): string => `${path} cannot be written: ${message}`;

export const WRITTEN: Kind<Written> = {
  name: "tokens",
  nameOf: ({ id }) => id,
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "HIVE", cell: ({ hive_id }) => hive_id ?? "-" },
    { title: "FILE", cell: ({ file }) => file },
  ],
};
