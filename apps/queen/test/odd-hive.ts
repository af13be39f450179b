import { createClient } from "@libsql/client";

/** Stores a hive under an id that no queen would take, as another program may. */
export async function storeOddHive(file: string, id: string): Promise<void> {
  const other = createClient({ url: `file:${file}` });
  const columns = "id, host, port, status, created_at_ms, updated_at_ms";
  await other.execute({
    sql: `INSERT INTO hives (${columns}) VALUES (?, '127.0.0.1', 1, 'unknown', 1, 1)`,
    args: [id],
  });
  other.close();
}
