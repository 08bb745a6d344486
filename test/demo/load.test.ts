/** The clients of the demo, against a server of our own. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, it, type TestContext } from 'node:test';

const program = fileURLToPath(new URL('../../src/bin/sluice.main.ts', import.meta.url));

interface Seen {
  readonly statuses: readonly number[];
  readonly complaints: string;
}

/** What clients at 100 a second saw of `serve` until there were some answers. */
async function ask(t: TestContext, serve: RequestListener): Promise<Seen> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    process.execPath,
    [program, 'demo-load', '--url', `http://127.0.0.1:${port}/`, '--rate', '100'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_NO_WARNINGS: '1' }, timeout: 60_000 },
  );
  let text = '';
  let complaints = '';
  const statuses = (): number[] =>
    text
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => (JSON.parse(line) as number[][]).map(([, , status = -1]) => status));
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (statuses().length >= 40) child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  return { statuses: statuses(), complaints };
}

describe('sluice demo-load', () => {
  it('asks once more where the server closes a connection that was idle', async (t) => {
    const used = new WeakSet<object>();
    let closed = 0;
    const { statuses, complaints } = await ask(t, ({ socket }, response) => {
      if (used.has(socket)) {
        closed++;
        socket.destroy();
        return;
      }
      used.add(socket);
      response.end('ok');
    });
    assert.ok(closed >= 10, `${closed} connections were closed`);
    assert.ok(statuses.length >= 40);
    assert.deepEqual([...new Set(statuses)], [200], complaints);
  });

  it('counts an answer that does not come, and says why', async (t) => {
    const { statuses, complaints } = await ask(t, ({ socket }) => socket.destroy());
    assert.deepEqual([...new Set(statuses)], [0]);
    assert.match(complaints, /^\S+Z no answer since \d+ ms: socket hang up/);
  });
});
