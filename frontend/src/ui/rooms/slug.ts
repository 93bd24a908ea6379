/** The address of a room that is called so: spaces become hyphens, what an address does not take is left out. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, "-");
  const kept = plain.replace(/[^\p{L}\p{N}_-]/gu, "");
  return [...kept].slice(0, 64).join("");
}
