import { computed, signal } from "@preact/signals";
import { QueenProblem } from "@repo/queen-client";
import { client, type Fault, faultOf, hasSessionKey, onOtherKey, setSessionKey } from "./api.ts";
import { ROOT } from "./place.ts";

interface Visitor {
  readonly role: "operator" | "reader";
  /** Whether there is a session that can be ended. */
  readonly hasSession: boolean;
  /** The name of the token with which somebody logged in. */
  readonly name: string | undefined;
  readonly version: string;
}

/** null: nobody yet, and the queen asks for a token. undefined: not known yet. */
export const visitor = signal<Visitor | null | undefined>(undefined);
/** Why it is not known who looks at the page, why a code was refused, or why a session ended. */
export const visitorFault = signal<Fault | undefined>(undefined);

/** Why whoever looks may change nothing; undefined when he may. */
export const whyReadOnly = computed(() =>
  visitor.value?.role === "operator" ? undefined : "This needs an operator's token: you are logged in as a reader",
);

/** For a command that asks this queen, as whoever looks at the page may have to. */
export const queenHere = () => ({ root: ROOT.href, isLocked: visitor.value?.hasSession === true });

/** Asks the queen whom she takes the caller for; a code in the address logs in with it first. */
export async function meet(): Promise<void> {
  const code = takeCode();
  try {
    if (code !== undefined) setSessionKey((await client.value.logIn({ code })).key);
    const me = await client.value.getMe();
    const role = me.role === "operator" ? "operator" : "reader";
    visitor.value = { role, hasSession: !me.door_open, name: me.token?.name, version: me.version };
    visitorFault.value = undefined;
  } catch (error) {
    if (isUnknown(error)) {
      visitor.value = null;
      visitorFault.value = code === undefined ? undefined : faultOf(error);
    } else if (isOfOtherKey(error)) {
      setSessionKey(null);
      await meet();
    } else visitorFault.value = faultOf(error);
  }
}

export async function logIn(token: string): Promise<void> {
  setSessionKey((await client.value.logIn({ token })).key);
  // What was read before was for somebody else.
  location.reload();
}

/** Goes on with a token that was just made: the first one of an operator keeps everybody else out of an open queen. */
export async function adopt(token: string): Promise<void> {
  setSessionKey((await client.value.logIn({ token })).key);
  await meet();
}

/** Somebody logged in, or out, in another tab. */
onOtherKey(() => {
  // What was read before may have been for somebody else.
  if (visitor.value === null && hasSessionKey()) location.reload();
  else void meet();
});

export async function logOut(): Promise<void> {
  try {
    await client.value.logOut();
  } catch (error) {
    if (!isUnknown(error)) {
      visitorFault.value = faultOf(error);
      visitor.value = undefined;
      return;
    }
  }
  setSessionKey(null);
  visitorFault.value = undefined;
  visitor.value = null;
}

/** Of a stream or a request that was refused: whoever is known no more logs in anew. */
export function endSession(error: unknown): void {
  if (!isUnknown(error)) return;
  visitorFault.value = { text: ENDED, code: undefined, status: undefined };
  setSessionKey(null);
  visitor.value = null;
}

const ENDED = "This session has ended, or its token was revoked: log in again.";

/** Whether the queen knows the caller no more. */
export const isUnknown = (error: unknown): boolean => error instanceof QueenProblem && error.status === 401;

/** The cookie is that of another session, as when somebody logged in at another queen of the same host: what is left may read. */
const isOfOtherKey = (error: unknown): boolean =>
  error instanceof QueenProblem && error.status === 403 && hasSessionKey();

/** `#code=…`, for one use: it does not stay in the address. */
function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}
