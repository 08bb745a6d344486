/** The two hash primitives of revision names (spec 02 section 3). Pure. */

/** FNV-1a, 32 bits, unsigned. */
export function fnv32a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

/** 27 characters: no vowels and no 0, 1, 3, so that no word comes out by chance. */
const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Maps each character of an ASCII text to one that may stand in names and labels (Kubernetes' SafeEncodeString). */
export function safeEncode(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) out += SAFE_ALPHABET[text.charCodeAt(i) % SAFE_ALPHABET.length];
  return out;
}
