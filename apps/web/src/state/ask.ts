import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "./api.ts";
import { oneAtATime } from "./repeat.ts";
import { endSession } from "./session.ts";

interface Asked<T> {
  readonly value: T | undefined;
  readonly fault: Fault | undefined;
  /** An answer that is awaited just then is shown all the same: where much happens there would be none for long. */
  again(): void;
}

/** What is asked of the queen for a view, and anew as often as `everyMs` says while it is looked at. */
export function useAsked<T>(ask: () => Promise<T>, { key, everyMs }: { key: string; everyMs?: number }): Asked<T> {
  const [state, setState] = useState<{ key: string; value?: T; fault?: Fault }>({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  const reading = useRef<(() => Promise<void>) | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    const read = oneAtATime(async () => {
      if (!isWanted) return;
      try {
        const value = await latest.current();
        if (isWanted) setState({ key, value });
      } catch (error) {
        if (isWanted) setState((before) => ({ ...(before.key === key ? before : { key }), fault: faultOf(error) }));
        endSession(error);
      }
    });
    reading.current = read;
    void read();
    const timer = everyMs && setInterval(() => document.hidden || void read(), everyMs);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [key]);
  useEffect(() => {
    if (turn > 0) void reading.current?.();
  }, [turn]);
  const current = state.key === key ? state : { key };
  return { value: current.value, fault: current.fault, again: () => setTurn((before) => before + 1) };
}
