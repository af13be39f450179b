/** What hives can be sought by, in the order in which it is shown; the names are those of the API. */
export const FILTERS: Readonly<Record<string, { readonly title: string; readonly hint: string }>> = {
  status: { title: "Status", hint: "online, or offline,unknown" },
  selector: { title: "Labels", hint: "env=prod, rack in (r1,r2), !drained" },
  gpu: { title: "GPUs", hint: "24GB, nvidia:40GB:2, H100,A100" },
  ram: { title: "RAM", hint: "256GB or 64GB..128GB" },
  cores: { title: "CPU cores", hint: "32 or 8..16" },
  model: { title: "Serves the model", hint: "llama-3-8b" },
  min_free_vram_gb: { title: "GB of free VRAM, at least", hint: "24" },
  cordoned: { title: "Cordoned", hint: "true or false" },
  on_probation: { title: "On probation", hint: "true or false" },
  unreachable: { title: "Unreachable", hint: "true or false" },
  not_beating: { title: "Not beating", hint: "true or false" },
  takes_work: { title: "Takes work", hint: "true or false" },
  text: { title: "Text", hint: "a part of the id, the host or a label" },
};
