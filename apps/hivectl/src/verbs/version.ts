import manifest from "../../package.json" with { type: "json" };
import type { AddVerb } from "./verb.ts";

export const addVersion: AddVerb = (parent, does) => {
  parent
    .command("version")
    .description("Shows the version of hivectl.")
    .action(
      does(async (session) => {
        const { version } = manifest;
        await session.show({ version, node: process.version }, () => `hivectl ${version}, Node ${process.version}\n`);
      }),
    );
};
