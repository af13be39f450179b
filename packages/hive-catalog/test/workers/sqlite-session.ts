/** Runs each line of its input as one statement on the file that it is given, and answers with the rows as JSON. */
import { createInterface } from "node:readline";
import Database from "libsql";

const [path = ""] = process.argv.slice(2);
const database = new Database(path);

function run(sql: string): unknown {
  try {
    const statement = database.prepare(sql);
    if (statement.reader) return { rows: statement.raw(true).all() };
    statement.run();
    return { rows: [] };
  } catch (error) {
    return { error: String(error) };
  }
}

console.log("ready");
for await (const sql of createInterface({ input: process.stdin })) console.log(JSON.stringify(run(sql)));
