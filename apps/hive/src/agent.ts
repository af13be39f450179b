import { fileURLToPath } from "node:url";

// The whole agent as one file, which needs nothing but Node: a queen copies its bundle to her hives.
// Without a command it is the agent; each command loads only what it runs.
const [, , command] = process.argv;
if (command === "graphics-program") await import("./devices/graphics-program.js");
else if (command === undefined || command.startsWith("-")) await import("./main.ts");
else await (await import("./control/control.ts")).control(command, fileURLToPath(import.meta.url));
