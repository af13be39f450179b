import { build, stop } from "esbuild";

export { build };

/** One after the other: to end the process of esbuild ends every build. */
let turn = Promise.resolve();

/** Runs work that builds, alone. */
export function inTurn(work) {
  const done = turn.then(work);
  // esbuild keeps a process for further builds, which would outlive this one.
  turn = done.then(stop, stop);
  return done.finally(() => turn);
}
