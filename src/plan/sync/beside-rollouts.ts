/**
 * A Service that a Rollout switches between versions carries the hash of a ReplicaSet in its selector. To server-side
 * apply the selector is one field, so that applying Git's `{app: web}` would take the hash out again and send traffic
 * to all versions. Git says what is selected, the Rollout which version of it: the hash that is there is applied along.
 */

import { isObject, type JsonObject, objectOf } from '../../lang/json.ts';
import { withoutFields } from '../../api/decode.ts';
import { HASH_LABEL, MANAGED_BY } from '../rollout/names.ts';
import { unreadableParts } from '../rollout/unreadable.ts';
import { annotationsOf } from './identity.ts';

/**
 * The manifest as it is to be applied on what is there. What the controller of Rollouts takes out of one is not applied
 * in the first place: the two would take turns for ever.
 */
export function besideRollouts(manifest: JsonObject, live: JsonObject | undefined): JsonObject {
  if (manifest['kind'] === 'Rollout') return withoutUnreadableFields(manifest);
  const hash = hashIn(live);
  const { spec } = manifest;
  if (hash === undefined || manifest['kind'] !== 'Service' || !isObject(spec)) return manifest;
  const { selector } = spec;
  if (!isObject(selector) || Object.hasOwn(selector, HASH_LABEL)) return manifest;
  return { ...manifest, spec: { ...spec, selector: { ...selector, [HASH_LABEL]: hash } } };
}

function withoutUnreadableFields(manifest: JsonObject): JsonObject {
  const { spec, apiVersion } = manifest;
  if (!isObject(spec) || !String(apiVersion).startsWith('argoproj.io/')) return manifest;
  const parts = unreadableParts({ spec });
  return parts.length === 0
    ? manifest
    : (withoutFields(
        manifest,
        parts.map(({ path }) => path),
      ) as JsonObject);
}

/**
 * A selector without a version of Git's own goes only onto the version of the Service that it was read from. The
 * Rollout may have moved on in the meantime: an old hash must not bring old pods back under traffic, nor a selector that
 * was read without one send traffic to all versions.
 */
export function onSeenVersion(manifest: JsonObject, live: JsonObject | undefined): JsonObject {
  const { spec, metadata } = manifest;
  if (manifest['kind'] !== 'Service' || !isObject(spec) || !isObject(spec['selector'])) return manifest;
  const hash = spec['selector'][HASH_LABEL];
  if (hash !== undefined && hash !== hashIn(live)) return manifest;
  const seen = objectOf(live?.['metadata'])['resourceVersion'];
  if (typeof seen !== 'string' || !isObject(metadata)) return manifest;
  return { ...manifest, metadata: { ...metadata, resourceVersion: seen } };
}

/** An apply of it answers 409 when the object has changed since it was seen. */
export function isBoundToVersion({ metadata }: JsonObject): boolean {
  return isObject(metadata) && metadata['resourceVersion'] !== undefined;
}

/** The hash in the selector of a Service that a Rollout manages. */
function hashIn(live: JsonObject | undefined): string | undefined {
  const hash = objectOf(objectOf(live?.['spec'])['selector'])[HASH_LABEL];
  return annotationsOf(live)[MANAGED_BY] !== undefined && typeof hash === 'string' ? hash : undefined;
}
