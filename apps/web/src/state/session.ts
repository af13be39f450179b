import { computed, signal } from "@preact/signals";
import { type Body, QueenProblem } from "@repo/queen-client";
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
  const refusal = await logInByCode();
  try {
    const me = await client.value.getMe();
    const role = me.role === "operator" ? "operator" : "reader";
    visitor.value = { role, hasSession: !me.door_open, name: me.token?.name, version: me.version };
    visitorFault.value = undefined;
  } catch (error) {
    if (isUnknown(error)) {
      visitorFault.value = refusal ?? (visitor.value ? ENDED : undefined);
      visitor.value = null;
    } else if (isOfOtherKey(error)) {
      setSessionKey(null);
      await meet();
    } else visitorFault.value = faultOf(error);
  }
}

export async function logIn(token: string): Promise<void> {
  await beginSession({ token });
  // What was read before was for somebody else.
  location.reload();
}

/** Goes on with a token that was just made: the first one of an operator keeps everybody else out of an open queen. */
export async function adopt(token: string): Promise<void> {
  await beginSession({ token });
  await meet();
}

/** Throws, too, where the browser keeps no cookie, so that nobody is led back to the login without a word. */
async function beginSession(shown: Body<"logIn">): Promise<void> {
  const { key } = await client.value.logIn(shown);
  const fault = await client.value.getSession().catch((error) => error);
  if (isUnknown(fault)) throw new Error(NOT_KEPT);
  setSessionKey(key);
}

const NOT_KEPT =
  "This browser did not keep the cookie of the session. Where the QUEEN_PUBLIC_URL of the queen is of https, it is for https alone: open the page at that address.";

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
  visitorFault.value = ENDED;
  setSessionKey(null);
  visitor.value = null;
}

const ENDED: Fault = {
  text: "This session has ended, or its token was revoked: log in again.",
  code: undefined,
  status: undefined,
};

/** Whether the queen knows the caller no more. */
export const isUnknown = (error: unknown): boolean => error instanceof QueenProblem && error.status === 401;

/** The cookie is that of another session, as when somebody logged in at another queen of the same host: what is left may read. */
const isOfOtherKey = (error: unknown): boolean =>
  error instanceof QueenProblem && error.status === 403 && hasSessionKey();

/** With the code in the address, if there is one, which does not stay there: it is for one use. Answers why it was refused; a session that there is goes on. */
async function logInByCode(): Promise<Fault | undefined> {
  const code = codeHere();
  if (code === null) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await beginSession({ code });
  } catch (error) {
    return faultOf(error);
  }
}

const codeHere = (): string | null => new URLSearchParams(location.hash.slice(1)).get("code");

/** One that is pasted where the page is shown loads nothing: what was read before may have been for somebody else. */
export function followCodes(): void {
  addEventListener("hashchange", () => codeHere() !== null && location.reload());
}
