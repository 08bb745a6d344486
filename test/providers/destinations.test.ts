import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { DestinationRuleError, destinationRules } from '../../src/providers/http/destinations.ts';
import type { DestinationLists } from '../../src/providers/http/destinations.ts';
import { createAxiosTransport } from '../../src/providers/http/transport.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import type { HttpRequest } from '../../src/providers/http/types.ts';
import { serve } from './server.ts';

/** Host as a URL gives it, and what it resolves to. */
const allows = (lists: DestinationLists, hostname: string, address?: string): boolean => {
  const rules = destinationRules(lists);
  if (rules.refusesHost(hostname) !== undefined) return false;
  return address === undefined || rules.refusesAddress(hostname, address) === undefined;
};
const hostOf = (url: string): string => new URL(url).hostname;

describe('destinations: without flags', () => {
  const metadata = [
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/',
    'http://169.254.170.23/v1/credentials',
    // Other spellings of 169.254.169.254.
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://169.254.169.254./',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd00:ec2::23]/',
    'http://[fd20:ce::254]/',
    'http://[fe80::1]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'http://instance-data/',
  ];
  for (const url of metadata) it(`refuses ${url}`, () => assert.equal(allows({}, hostOf(url)), false));

  for (const url of [
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://10.1.2.3:9090/',
    'http://192.168.0.1/',
    'http://[fd00::1]/',
    'http://prometheus.monitoring.svc/',
    'https://api.datadoghq.com/',
    'http://169.253.255.255/',
  ])
    it(`allows ${url}`, () => assert.equal(allows({}, hostOf(url)), true));

  it('judges a name by what it resolves to', () => {
    assert.equal(allows({}, 'prometheus.example', '10.0.0.1'), true);
    assert.equal(allows({}, 'prometheus.example', '169.254.169.254'), false);
    assert.equal(allows({}, 'prometheus.example', '::ffff:169.254.169.254'), false);
  });
});

describe('destinations: with flags', () => {
  const rows: [DestinationLists, string, string | undefined, boolean][] = [
    [{ allow: ['prom.example'] }, 'prom.example', '10.0.0.1', true],
    [{ allow: ['prom.example'] }, 'PROM.example.', '10.0.0.1', true],
    [{ allow: ['prom.example'] }, 'other.example', undefined, false],
    [{ allow: ['prom.example'] }, '10.0.0.1', undefined, false],
    [{ allow: ['prom.example'] }, 'prom.example', '169.254.169.254', false],
    [{ allow: ['*.example'] }, 'a.b.example', '10.0.0.1', true],
    [{ allow: ['*.example'] }, 'example', undefined, false],
    [{ allow: ['*.example'] }, 'badexample', undefined, false],
    [{ allow: ['10.0.0.0/8'] }, 'anything', '10.9.9.9', true],
    [{ allow: ['10.0.0.0/8'] }, 'anything', '11.0.0.1', false],
    [{ allow: ['10.0.0.0/8', 'prom.example'] }, 'prom.example', '11.0.0.1', true],
    [{ allow: ['fd00::/8'] }, '[fd00::1]', undefined, true],
    [{ allow: ['fd00::/8'] }, '[fd00:ec2::254]', undefined, false],
    // A network lifts no built-in denial; an address does.
    [{ allow: ['0.0.0.0/0'] }, '169.254.169.254', undefined, false],
    [{ allow: ['169.254.20.10'] }, '169.254.20.10', undefined, true],
    [{ allow: ['169.254.20.10'] }, '169.254.169.254', undefined, false],
    [{ allow: ['metadata.google.internal'] }, 'metadata.google.internal', '169.254.169.254', false],
    [{ deny: ['127.0.0.0/8', '::1'] }, '127.0.0.1', undefined, false],
    [{ deny: ['127.0.0.0/8', '::1'] }, 'localhost', '::1', false],
    [{ deny: ['127.0.0.0/8'] }, '10.0.0.1', undefined, true],
    [{ deny: ['*.internal'] }, 'db.internal', undefined, false],
    [{ allow: ['a.example'], deny: ['*.example'] }, 'a.example', undefined, false],
  ];
  for (const [lists, host, address, expected] of rows)
    it(`${JSON.stringify(lists)}: ${host}${address === undefined ? '' : ` = ${address}`}: ${expected ? 'yes' : 'no'}`, () =>
      assert.equal(allows(lists, host, address), expected));

  for (const entry of [
    '',
    'http://a',
    'a/b',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/x',
    '10.0.0.0/8/8',
    'a b',
    '*',
  ])
    it(`refuses the entry ${JSON.stringify(entry)}`, () =>
      assert.throws(() => destinationRules({ allow: [entry] }), DestinationRuleError));
});

describe('destinations: when connecting', () => {
  const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    url,
    timeoutMs: 2000,
    ...more,
  });
  const clientWith = (names: Record<string, string[][]>, lists: DestinationLists = {}) => {
    const asked: string[] = [];
    const client = createHttpClient({
      random: () => 0,
      transport: createAxiosTransport({
        rules: destinationRules(lists),
        resolve: (hostname) => {
          asked.push(hostname);
          const answers = names[hostname] ?? [];
          const answer = answers.length > 1 ? answers.shift() : answers[0];
          return Promise.resolve(
            (answer ?? []).map((address): LookupAddress => ({
              address,
              family: address.includes(':') ? 6 : 4,
            })),
          );
        },
      }),
    });
    return { client, asked };
  };
  const deniedIn = async (answer: Promise<unknown>): Promise<string> => {
    const error = await answer.then(
      () => assert.fail('was let through'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof HttpFailure, String(error));
    assert.equal(error.reason, 'denied', error.message);
    return error.message;
  };

  it('a name of a metadata address is not connected to', async () => {
    const { client } = clientWith({ 'innocent.example': [['169.254.169.254']] });
    assert.equal(
      await deniedIn(client.request(get('http://innocent.example/latest?secret=1'))),
      'GET http://innocent.example/latest: innocent.example, which is 169.254.169.254, must not be reached by measurements (link-local and metadata addresses)',
    );
    await deniedIn(client.request(get('https://innocent.example/')));
    await deniedIn(client.request(get('https://innocent.example/', { insecure: true })));
  });

  it('an address that is written out is not connected to, nor looked up', async () => {
    const { client, asked } = clientWith({});
    for (const host of ['169.254.169.254', '[::ffff:169.254.169.254]', '2852039166', '[fd00:ec2::254]'])
      await deniedIn(client.request(get(`http://${host}/`)));
    assert.deepEqual(asked, []);
  });

  it('a name that changes its address is caught at the connection that it changed for', async () => {
    await using server = await serve((_, response) => response.setHeader('connection', 'close').end('ok'));
    const { client } = clientWith({ 'rebind.example': [['127.0.0.1'], ['169.254.169.254']] });
    const url = `http://rebind.example:${server.port}/`;
    assert.equal((await client.request(get(url))).body, 'ok');
    await deniedIn(client.request(get(url)));
    assert.equal(server.seen.length, 1);
  });

  it('of several addresses only those that are allowed are tried', async () => {
    await using server = await serve((_, response) => response.end('ok'));
    const { client } = clientWith({ 'both.example': [['169.254.169.254', '127.0.0.1']] });
    assert.equal((await client.request(get(`http://both.example:${server.port}/`))).body, 'ok');
  });

  it('a redirect leads nowhere that a request may not go', async () => {
    await using server = await serve((request, response) =>
      response
        .writeHead(302, {
          location: request.path === '/name' ? 'http://innocent.example/' : 'http://169.254.169.254/latest/',
        })
        .end(),
    );
    const { client } = clientWith({ 'innocent.example': [['169.254.169.254']] });
    await deniedIn(client.request(get(`${server.url}/address`)));
    await deniedIn(client.request(get(`${server.url}/name`)));
    // Nor from an address that only the controller's configuration names.
    await deniedIn(client.request(get(`${server.url}/address`, { unguarded: true })));
  });

  it("the controller's own addresses are not held to the rules", async () => {
    await using server = await serve((_, response) => response.end('ok'));
    const { client } = clientWith(
      { 'own.example': [['127.0.0.1']] },
      { deny: ['127.0.0.0/8', 'own.example'] },
    );
    for (const host of ['127.0.0.1', 'own.example']) {
      const url = `http://${host}:${server.port}/`;
      await deniedIn(client.request(get(url)));
      assert.equal((await client.request(get(url, { unguarded: true }))).body, 'ok');
      // A connection that was made without the rules is not used by those who are held to them.
      await deniedIn(client.request(get(url)));
    }
  });

  it('through a proxy, names are held to the rules and the proxy is not', async () => {
    await using proxy = await serve((_, response) => response.end('by proxy'));
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = `http://proxy.corp:${proxy.port}`;
    try {
      const { client } = clientWith({ 'proxy.corp': [['127.0.0.1']] }, { allow: ['api.example'] });
      assert.equal((await client.request(get('http://api.example/x'))).body, 'by proxy');
      assert.equal(proxy.seen[0]?.path, 'http://api.example/x');
      await deniedIn(client.request(get('http://other.example/')));
      await deniedIn(client.request(get('http://169.254.169.254/')));
      assert.equal(proxy.seen.length, 1);
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });

  it('a name that is nothing is told as such', async () => {
    const { client } = clientWith({});
    await assert.rejects(client.request(get('http://nowhere.example/')), /no such host/);
  });
});
