import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONTROLLER_FLAGS } from '../../src/bin/controller-flags.ts';
import { CONTROLLERS } from '../../src/bin/controllers.ts';
import type { Parts } from '../../src/bin/controllers.ts';
import { FlagError, parseFlags } from '../../src/bin/flags.ts';

describe('flags of analysis', () => {
  const compose = (...argv: string[]) => {
    const flags = parseFlags('sluice controller', CONTROLLER_FLAGS, argv);
    const parts: Partial<Parts> = { flags, env: {}, random: () => 0 };
    return CONTROLLERS['analysis']?.(parts as Parts) ?? assert.fail();
  };

  it('are taken', async () => {
    const flags = [
      '--analysis-allow-hosts=10.0.0.0/8,*.example.com',
      '--analysis-deny-hosts=127.0.0.0/8',
      '--metric-plugins=a/b=http://x:1,c/d=http://y:2',
    ];
    assert.equal(typeof (await compose(...flags)), 'function');
    assert.equal(typeof (await compose('--analysis-allow-hosts=')), 'function');
  });

  for (const [flag, text] of [
    [
      '--analysis-allow-hosts=http://x',
      /^flag --analysis-allow-hosts or --analysis-deny-hosts: "http:\/\/x" is no host name/,
    ],
    ['--analysis-deny-hosts=10.0.0.0/99', /has no valid prefix length$/],
    ['--metric-plugins=a/b', /^flag --metric-plugins: metric plugin "a\/b" must be of the form/],
  ] as const)
    it(`refuse ${flag}`, async () => {
      await assert.rejects(compose(flag), (error) => {
        assert.ok(error instanceof FlagError, String(error));
        assert.match(error.message, text);
        return true;
      });
    });
});
