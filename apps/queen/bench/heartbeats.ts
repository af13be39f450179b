const MODELS = ["llama-3-8b", "llama-3-70b", "qwen-2.5-32b", "mistral-7b", "sdxl", "whisper-large-v3"];
const GIB = 2 ** 30;

/** The body of a heartbeat, as a hive sends it that measures so many GPUs; of one that measures nothing without. */
export function aHeartbeat(hiveId: string, workers: number, gpus?: number): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify({
    hive_id: hiveId,
    timestamp,
    ...(gpus !== undefined && aReading(gpus, timestamp)),
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

function aReading(gpus: number, timestamp: string) {
  return {
    gpus: Array.from({ length: gpus }, (_, index) => ({
      index,
      uuid: `GPU-6a1b3c5d-0e2f-4a6b-8c9d-1e3f5a7b9c0${index}`,
      memory_total_bytes: 80 * GIB,
      memory_used_bytes: 33 * GIB + index,
      utilization_percent: 37 + index,
      temperature_celsius: 61,
      power_watts: 231.5,
      asleep: false,
    })),
    host: { memory_total_bytes: 512 * GIB, memory_used_bytes: 41 * GIB, cpu_percent: 12.5 },
    read_at: timestamp,
  };
}
