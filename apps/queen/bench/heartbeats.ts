const MODELS = ["llama-3-8b", "llama-3-70b", "qwen-2.5-32b", "mistral-7b", "sdxl", "whisper-large-v3"];
const GIB = 2 ** 30;

/** The body of a heartbeat, as a hive sends it. */
export function aHeartbeat(hiveId: string, workers: number): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify({
    hive_id: hiveId,
    timestamp,
    workers: Array.from({ length: workers }, (_, n) => ({
      worker_id: `worker-${n + 1}`,
      state: n % 3 === 0 ? "Busy" : "Idle",
      last_heartbeat: timestamp,
      health_status: "healthy",
      url: `http://127.0.0.1:${9300 + n}`,
      model_id: MODELS[n % MODELS.length],
      backend: "cuda",
      device_id: n,
      vram_bytes: 8 * GIB,
      ram_bytes: 2 * GIB,
      cpu_percent: 15.5,
      gpu_percent: n === 0 ? 93 : 0,
    })),
  });
}
