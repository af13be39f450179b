// Prints the graphics controllers that systeminformation sees, as JSON. Plain JavaScript, so that it starts fast.
import childProcess from "node:child_process";

// systeminformation also asks nvidia-smi, and waits for it without limit. The agent asks nvidia-smi itself, so that
// a hanging one does not hide the other GPUs.
childProcess.execFileSync = () => {
  throw new Error("nvidia-smi is asked elsewhere");
};

const { default: systeminformation } = await import("systeminformation");
const graphics = await systeminformation.graphics();
process.stdout.write(JSON.stringify(graphics?.controllers ?? []));
