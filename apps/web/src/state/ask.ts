import { useEffect, useState } from "preact/hooks";
import { type Fault, faultOf } from "./api.ts";
import { endSession } from "./session.ts";

export interface Asked<T> {
  readonly value: T | undefined;
  readonly fault: Fault | undefined;
  again(): void;
}

/** What is asked of the queen for a view, and anew as often as `everyMs` says while it is looked at. */
export function useAsked<T>(ask: () => Promise<T>, { key, everyMs }: { key: string; everyMs?: number }): Asked<T> {
  const [state, setState] = useState<{ key: string; value?: T; fault?: Fault }>({ key });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isWanted = true;
    const read = async () => {
      try {
        const value = await ask();
        if (isWanted) setState({ key, value });
      } catch (error) {
        if (isWanted) setState((before) => ({ ...(before.key === key ? before : { key }), fault: faultOf(error) }));
        endSession(error);
      }
    };
    void read();
    const timer = everyMs && setInterval(() => document.hidden || void read(), everyMs);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [key, turn]);
  const current = state.key === key ? state : { key };
  return { value: current.value, fault: current.fault, again: () => setTurn((before) => before + 1) };
}
