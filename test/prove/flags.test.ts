import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

it('a flag that npm has kept for itself is not taken for ten thousand histories', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [RUN], {
    env: { ...process.env, npm_config_seed: '7', NODE_NO_WARNINGS: '1' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /npm run prove -- --seed/);
  assert.equal(stdout, '');
});
