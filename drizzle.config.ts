import { defineConfig } from "drizzle-kit";
import { databaseUrl } from "./packages/hive-catalog/src/location.ts";

const authToken = process.env.QUEEN_DATABASE_AUTH_TOKEN;

/** The same database, from the same variables and with the same default, as the queen's. */
export default defineConfig({
  dialect: "turso",
  schema: "./packages/hive-catalog/src/schema.ts",
  out: "./packages/hive-catalog/drizzle",
  dbCredentials: {
    url: databaseUrl(process.env.QUEEN_DATABASE || "./data/hives.db"),
    ...(authToken ? { authToken } : {}),
  },
});
