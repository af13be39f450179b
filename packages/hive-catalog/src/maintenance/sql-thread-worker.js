// Plain JavaScript, so that a thread starts on every Node without a loader.
import { parentPort, workerData } from "node:worker_threads";
import Database from "libsql";

let database;

/** Statements are never reused: one that failed keeps its old parameters in this binding. */
function run(sql, args) {
  database ??= new Database(workerData.target, { timeout: workerData.busyTimeoutMs });
  const statement = database.prepare(sql);
  if (statement.reader) return statement.raw(true).all(args);
  statement.run(args);
  return [];
}

parentPort.on("message", ({ sql, args }) => {
  if (sql === undefined) {
    database?.close();
    parentPort.close();
    return;
  }
  try {
    parentPort.postMessage({ rows: run(sql, args) });
  } catch (error) {
    parentPort.postMessage({ error: { code: error.code, message: error.message } });
  }
});
