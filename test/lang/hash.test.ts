import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fnv32a, safeEncode } from '../../src/lang/hash.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('FNV-1a of 32 bits', () => {
  // Published test values of the algorithm.
  assert.equal(fnv32a(bytes('')), 0x811c9dc5);
  assert.equal(fnv32a(bytes('a')), 0xe40c292c);
  assert.equal(fnv32a(bytes('foobar')), 0xbf9cf968);
});

it('safe encoding maps digits as the spec tables them', () => {
  assert.equal(safeEncode('0123456789'), '456789bcdf');
  assert.equal(safeEncode(''), '');
});
