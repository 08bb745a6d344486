/** A watch whose bytes are cut anywhere, come in any pieces, or are damaged: what is read is a beginning of what was sent. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../src/kube/api.ts';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { LineSplitter } from '../../src/kube/http/lines.ts';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import { connection } from '../kube/connection.ts';
import type { Dice } from './mutate.ts';
import { dice, fuzz, mutateText } from './mutate.ts';

const event = (type: string, n: number): string =>
  JSON.stringify({
    type,
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c${n}`, resourceVersion: String(n) },
      data: { text: 'é😀\\n"' },
    },
  });
const EVENTS = ['ADDED', 'MODIFIED', 'BOOKMARK', 'DELETED', 'ADDED'].map(event);
const STREAM = Buffer.from(`${EVENTS.join('\n')}\n`);

/** Cuts anywhere, in the middle of a character too. */
function* pieces(bytes: Buffer, d: Dice): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + 1 + d.below(d.pick([3, 40, 400])));
    yield bytes.subarray(at, to);
    at = to;
  }
}

let sent: Buffer[] = [];
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (const piece of sent) response.write(piece);
  // Half of all servers go away in the middle of it.
  if (sent.length % 2 === 0) response.end();
  else setTimeout(() => response.destroy(), 5);
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.close();
  server.closeAllConnections();
});

async function watched(bytes: Buffer, d: Dice): Promise<{ events: string[]; error: unknown }> {
  sent = [...pieces(bytes, d)];
  const api = createHttpApi(connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const events: string[] = [];
  try {
    for await (const item of api.watch(CONFIG_MAP, {})) events.push(JSON.stringify(item));
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

describe('fuzz: watch streams', () => {
  it('lines are the same in whatever pieces they come', () => {
    fuzz(500, (d) => {
      const lines = new LineSplitter(10_000);
      const read = [...pieces(STREAM, d)].flatMap((piece) => [...lines.push(Buffer.from(piece))]);
      assert.deepEqual(read, EVENTS);
      assert.equal(lines.cut, false);
    });
  });

  it('a line without an end is refused before it fills the memory', () => {
    const lines = new LineSplitter(1_000);
    assert.throws(() => {
      for (let i = 0; i < 100; i += 1) Array.from(lines.push(Buffer.alloc(100, 'a')));
    }, RangeError);
  });

  it('a stream that is cut gives the events before the cut, and says that it was cut', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const d = dice(seed);
      const length = d.below(STREAM.length + 1);
      const { events, error } = await watched(STREAM.subarray(0, length), d);
      assert.deepEqual(events, EVENTS.slice(0, events.length), `seed ${seed}`);
      const whole = STREAM.subarray(0, length).toString('latin1').split('\n').length - 1;
      assert.ok(events.length <= whole, `seed ${seed}: ${events.length} of ${whole}`);
      const endsInside = length > 0 && STREAM[length - 1] !== 0x0a;
      if (error !== undefined) assert.ok(error instanceof ApiUnreachable, `seed ${seed}: ${String(error)}`);
      else
        assert.ok(
          !endsInside && events.length === whole,
          `seed ${seed}: ${events.length} of ${whole}, and no error`,
        );
    }
  });

  it('a stream that is damaged ends in an error of the API, or in events', async () => {
    for (let seed = 1; seed <= 120; seed += 1) {
      const d = dice(1_000 + seed);
      const { events, error } = await watched(Buffer.from(mutateText(STREAM.toString(), d)), d);
      assert.ok(
        error === undefined || error instanceof ApiUnreachable || error instanceof ApiError,
        `seed ${seed}: ${String(error)}`,
      );
      for (const item of events) assert.ok(JSON.parse(item) !== null);
    }
  });
});
