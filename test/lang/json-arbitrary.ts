/** JSON values for property tests, with the keys that patches and hashes stumble over. */

import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/lang/json.ts';

const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', 'name', 'value', 'containers', '') },
  fc.constantFrom('__proto__', 'constructor', '$patch', '~', '/', 'a/b', '-', '0'),
  fc.string({ maxLength: 4 }),
);

const leaf = (nulls: boolean): fc.Arbitrary<Json> =>
  fc.oneof(
    fc.boolean(),
    fc.integer({ min: -3, max: 3 }),
    fc.string({ maxLength: 4 }),
    fc.constantFrom('yes', '1:30', 'null', 'a\nb'),
    ...(nulls ? [fc.constant(null)] : []),
  );

const { any } = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf(true),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const { full } = fc.letrec<{ full: Json }>((tie) => ({
  full: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf(false),
    fc.array(tie('full'), { maxLength: 4 }),
    fc.dictionary(key, tie('full'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

export const anyJson: fc.Arbitrary<Json> = any;

export const jsonObject = ({ nulls }: { nulls: boolean }): fc.Arbitrary<JsonObject> =>
  fc.dictionary(key, nulls ? any : full, { maxKeys: 5, noNullPrototype: true });
