/** The images that run, and for whom (spec 09 section 7). Pure. */

import type { ReplicaSetModel } from './replica-set.ts';

export interface ImageModel {
  readonly image: string;
  readonly tags: readonly string[];
}

/** Order of the tags of one ReplicaSet; those of several are put in alphabetical order. */
const ORDER = ['canary', 'stable', 'active', 'preview', 'ping', 'pong'];

/** `extra`: a tag that a ReplicaSet has besides its roles. */
export function imagesOf(
  replicaSets: readonly ReplicaSetModel[],
  extra: (rs: ReplicaSetModel) => string | undefined = () => undefined,
): ImageModel[] {
  const images = new Map<string, string[]>();
  for (const rs of replicaSets) {
    if (rs.replicas <= 0) continue;
    const more = extra(rs);
    const tags = ORDER.filter((tag) => rs.tags.includes(tag)).concat(more === undefined ? [] : [more]);
    for (const image of new Set(rs.images)) {
      const known = images.get(image);
      images.set(image, known === undefined ? tags : [...new Set([...known, ...tags])].toSorted());
    }
  }
  return [...images]
    .map(([image, tags]) => ({ image, tags }))
    .toSorted((a, b) => (a.image < b.image ? -1 : 1));
}
