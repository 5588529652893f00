// Bounds what is kept in memory.

/** Deletes the oldest entries of a map or set until `size` remain. */
export function forgetBeyond<K>(entries: Map<K, unknown> | Set<K>, size: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= size) return;
    entries.delete(key);
  }
}
