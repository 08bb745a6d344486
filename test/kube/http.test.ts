import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { ApiError, ApiUnreachable, isGone, isNotFound, type WatchEvent } from '../../src/kube/api.ts';
import { type Clock, systemClock } from '../../src/kube/clock.ts';
import {
  createHttpApi,
  type HttpApi,
  type HttpApiOptions,
  type RequestObservation,
} from '../../src/kube/http/index.ts';
import {
  CLUSTER_ANALYSIS_TEMPLATE,
  CONFIG_MAP,
  NAMESPACE,
  POD,
  REPLICA_SET,
  ROLLOUT,
} from '../../src/kube/kinds.ts';
import type { Connection } from '../../src/kube/kubeconfig.ts';
import { connection } from './connection.ts';
import { configMap } from './fake-api.ts';

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** Waits pass at once; only the real network is waited for. */
const hasty: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  setTimer: (delay, task) => systemClock.setTimer(delay >= 10_000 ? delay : delay / 50, task),
};

const open: { close(): unknown }[] = [];
after(() => {
  for (const { close } of open) close();
});

function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  open.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  return new Promise((resolve) =>
    server.once('listening', () => resolve((server.address() as AddressInfo).port)),
  );
}

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server that answers by `handle`, and what it saw. */
async function served(
  handle: (request: Seen, response: ServerResponse, count: number) => void,
  options: HttpApiOptions = {},
  more: Partial<Connection> = {},
): Promise<{
  api: HttpApi;
  seen: Seen[];
  sockets: Set<Socket>;
  url: string;
  observed: RequestObservation[];
}> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      handle(one, response, seen.length);
    });
  };
  const server = createServer(listener);
  server.on('connection', (socket) => sockets.add(socket));
  const url = `http://127.0.0.1:${await listen(server)}`;
  const observed: RequestObservation[] = [];
  const api = createHttpApi(connection(url, more), {
    clock: hasty,
    onRequest: (observation) => observed.push(observation),
    ...options,
  });
  open.push({ close: () => api.close() });
  return { api, seen, sockets, url, observed };
}

const json = (
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

const status = (code: number, reason: string, message: string, details?: object): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  details,
});

const REF = { namespace: 'ns', name: 'a' };

async function collect(events: AsyncIterable<WatchEvent>): Promise<{ names: string[]; error: unknown }> {
  const names: string[] = [];
  try {
    for await (const event of events) names.push(`${event.type} ${event.object.metadata.name}`);
    return { names, error: undefined };
  } catch (error) {
    return { names, error };
  }
}

describe('requests over HTTP', () => {
  it('addresses objects, collections and subresources as the API server does', async () => {
    const { api, seen } = await served((_, response) => json(response, configMap('a')));
    await api.get(CONFIG_MAP, REF);
    await api.get(ROLLOUT, REF, { subresource: 'scale' });
    await api.get(NAMESPACE, { name: 'x y' });
    await api.list(REPLICA_SET, { namespace: 'ns', labelSelector: 'a in (b,c)', limit: 5, continue: 't' });
    await api.list(CLUSTER_ANALYSIS_TEMPLATE, { namespace: 'ns' });
    await api.create(CONFIG_MAP, configMap('a'), {
      fieldManager: 'sluice',
      dryRun: true,
      fieldValidation: 'Strict',
    });
    await api.create(
      POD,
      { ...configMap('p'), kind: 'Eviction' },
      { subresource: 'eviction', ref: { namespace: 'ns', name: 'p' } },
    );
    await api.replace(ROLLOUT, configMap('a'), { subresource: 'status' });
    await api.patch(ROLLOUT, REF, { type: 'apply', body: {}, force: true }, { fieldManager: 'm' });
    await api.delete(POD, REF, { propagationPolicy: 'Foreground', preconditions: { uid: 'u' } });
    assert.deepEqual(
      seen.map(({ method, url }) => `${method} ${url}`),
      [
        'GET /api/v1/namespaces/ns/configmaps/a',
        'GET /apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/a/scale',
        'GET /api/v1/namespaces/x%20y',
        'GET /apis/apps/v1/namespaces/ns/replicasets?labelSelector=a+in+%28b%2Cc%29&limit=5&continue=t',
        'GET /apis/argoproj.io/v1alpha1/clusteranalysistemplates',
        'POST /api/v1/namespaces/ns/configmaps?fieldManager=sluice&dryRun=All&fieldValidation=Strict',
        'POST /api/v1/namespaces/ns/pods/p/eviction',
        'PUT /apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/a/status',
        'PATCH /apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/a?fieldManager=m&force=true',
        'DELETE /api/v1/namespaces/ns/pods/a',
      ],
    );
    assert.equal(seen[8]?.headers['content-type'], 'application/apply-patch+yaml');
    assert.deepEqual(JSON.parse(seen[9]?.body ?? ''), {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u' },
    });
  });

  it('never turns a missing name or namespace into a call on a collection', async () => {
    const { api, seen } = await served((_, response) => json(response, configMap('a')));
    await assert.rejects(api.delete(POD, { namespace: 'ns', name: '' }), /without a name/);
    await assert.rejects(api.delete(POD, { name: 'p' }), /no namespace/);
    await assert.rejects(api.create(POD, { ...configMap('p'), metadata: { name: 'p' } }), /no namespace/);
    await assert.rejects(api.patch(POD, REF, { type: 'apply', body: {} }), /needs a fieldManager/);
    assert.equal(seen.length, 0);
  });

  it('sends two hundred requests over few connections, and keeps the prefix of the server', async () => {
    const { api, seen, sockets, url } = await served((_, response) =>
      json(response, { items: [], metadata: {} }),
    );
    for (let i = 0; i < 100; i += 1) await Promise.all([api.list(POD), api.list(CONFIG_MAP)]);
    assert.equal(seen.length, 200);
    // One that has just answered rests for a turn of the event loop.
    assert.ok(sockets.size <= 8, `${sockets.size} connections`);
    const nested = createHttpApi(connection(`${url}/k8s/clusters/c-1/`));
    await nested.list(POD);
    nested.close();
    assert.equal(seen.at(-1)?.url, '/k8s/clusters/c-1/api/v1/pods');
  });

  it('gives list items the apiVersion and kind that the server leaves out, and keeps unknown fields', async () => {
    const { api } = await served((_, response) =>
      json(response, {
        kind: 'ReplicaSetList',
        apiVersion: 'apps/v1',
        metadata: { resourceVersion: '7', continue: 'next', remainingItemCount: 3 },
        items: [{ metadata: { name: 'a' }, spec: { brandNew: { field: 1 } } }],
      }),
    );
    const list = await api.list(REPLICA_SET);
    assert.deepEqual(list, {
      items: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: { name: 'a' },
          spec: { brandNew: { field: 1 } },
        },
      ],
      resourceVersion: '7',
      continue: 'next',
      remainingItemCount: 3,
    });
  });

  it('identifies itself, and acts as somebody else when told to', async () => {
    const { api, seen } = await served((_, response) => json(response, configMap('a')), {
      userAgent: 'sluice/1',
    });
    await api.get(CONFIG_MAP, REF);
    await api
      .impersonate({ user: 'system:serviceaccount:ns:deployer', groups: ['g1', 'g2'], uid: 'u-1' })
      .get(CONFIG_MAP, REF);
    assert.equal(seen[0]?.headers['user-agent'], 'sluice/1');
    assert.equal(seen[0]?.headers['impersonate-user'], undefined);
    assert.equal(seen[1]?.headers['impersonate-user'], 'system:serviceaccount:ns:deployer');
    assert.equal(seen[1]?.headers['impersonate-group'], 'g1, g2');
    assert.equal(seen[1]?.headers['impersonate-uid'], 'u-1');
  });

  it('hands warnings on', async () => {
    const { api } = await served((_, response) =>
      json(response, configMap('a'), 200, {
        warning: '299 - "unknown field \\"spec.x\\"", 299 - "deprecated"',
      }),
    );
    const warnings: string[] = [];
    await api.patch(
      CONFIG_MAP,
      REF,
      { type: 'merge', body: {} },
      { onWarning: (text) => warnings.push(text) },
    );
    assert.deepEqual(warnings, ['unknown field "spec.x"', 'deprecated']);
  });

  it('reports each request as the metric of spec 08 has it', async () => {
    const { api, observed } = await served((_, response) =>
      json(response, { kind: 'List', items: [], metadata: {} }),
    );
    await api.list(ROLLOUT, { namespace: 'ns' });
    await api.patch(ROLLOUT, REF, { type: 'merge', body: {} });
    assert.deepEqual(
      observed.map(({ kind, namespace, name, verb, statusCode }) => ({
        kind,
        namespace,
        name,
        verb,
        statusCode,
      })),
      [
        { kind: 'rollouts', namespace: 'ns', name: 'N/A', verb: 'List', statusCode: '200' },
        { kind: 'rollouts', namespace: 'ns', name: 'a', verb: 'Patch', statusCode: '200' },
      ],
    );
  });
});

describe('failures over HTTP', () => {
  it('keeps the Status of the server', async () => {
    const { api } = await served((_, response) =>
      json(response, status(404, 'NotFound', 'configmaps "a" not found', { name: 'a' }), 404),
    );
    await assert.rejects(api.get(CONFIG_MAP, REF), (error: unknown) => {
      assert.ok(isNotFound(error));
      assert.equal(error.message, 'configmaps "a" not found');
      assert.deepEqual(error.status.details, { name: 'a' });
      return true;
    });
  });

  it('makes a readable error of what a proxy says', async () => {
    const { api } = await served((_, response) => {
      response.writeHead(413, { 'content-type': 'text/html' });
      response.end(
        '<html><head><style>p{}</style><title>x</title></head>\n<body><h1>413  Too big</h1><p>nginx</p></body></html>',
      );
    });
    await assert.rejects(api.create(CONFIG_MAP, configMap('a')), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, 413);
      assert.equal(error.reason, 'RequestEntityTooLarge');
      assert.equal(
        error.message,
        'POST /api/v1/namespaces/ns/configmaps: the server answered 413: 413 Too big nginx',
      );
      return true;
    });
  });

  it('does not take a login page, half an object or a wrong shape for an answer', async () => {
    const bodies = [
      '<html>please log in</html>',
      '{"kind":"Config',
      '[]',
      '{"items":{}}',
      '{"items":[1]}',
      '',
    ];
    for (const body of bodies) {
      const { api } = await served((_, response) => response.end(body));
      await assert.rejects(api.list(CONFIG_MAP), ApiUnreachable, body);
    }
  });

  it('waits as long as a 429 asks, for writes too, and leaves long waits to the caller', async () => {
    const { api, seen } = await served((_, response, count) => {
      if (count < 3) json(response, status(429, 'TooManyRequests', 'slow down'), 429, { 'retry-after': '1' });
      else json(response, configMap('a'));
    });
    await api.patch(CONFIG_MAP, REF, { type: 'merge', body: {} });
    assert.equal(seen.length, 3);
    const busy = await served((_, response) =>
      json(response, status(429, 'TooManyRequests', 'slow down'), 429, { 'retry-after': '60' }),
    );
    await assert.rejects(busy.api.get(CONFIG_MAP, REF), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.retryAfterMs, 60_000);
      return true;
    });
    assert.equal(busy.seen.length, 1);
  });

  it('does not repeat an eviction that a budget forbids', async () => {
    const { api, seen } = await served((_, response) =>
      json(response, status(429, 'TooManyRequests', 'budget', { retryAfterSeconds: 1 }), 429),
    );
    const eviction = { ...configMap('p'), kind: 'Eviction' };
    await assert.rejects(api.create(POD, eviction, { subresource: 'eviction', ref: REF }), ApiError);
    assert.equal(seen.length, 1);
  });

  it('repeats reads on 5xx and cut connections, and never a write', async () => {
    const { api, seen } = await served((_, response, count) => {
      if (count === 1) json(response, status(503, 'ServiceUnavailable', 'starting'), 503);
      else if (count === 2) response.destroy();
      else if (count === 3) {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"kind":');
        setImmediate(() => response.destroy());
      } else json(response, configMap('a'));
    });
    assert.equal((await api.get(CONFIG_MAP, REF)).metadata.name, 'a');
    assert.equal(seen.length, 4);
    for (const answer of ['503', 'cut']) {
      const down = await served((_, response) => {
        if (answer === '503') json(response, status(503, 'ServiceUnavailable', 'starting'), 503);
        else response.destroy();
      });
      await assert.rejects(
        down.api.patch(CONFIG_MAP, REF, { type: 'merge', body: {} }),
        answer === '503' ? ApiError : ApiUnreachable,
      );
      assert.equal(down.seen.length, 1);
    }
  });

  it('gets fresh credentials once after a 401', async () => {
    let token = 'old';
    let invalidated = 0;
    const credentials: Connection['credentials'] = {
      current: async () => ({ tls: {}, revision: '1', authorization: `Bearer ${token}` }),
      invalidate: () => {
        invalidated += 1;
        token = 'new';
      },
    };
    const { api, seen } = await served(
      (request, response) => {
        if (request.headers.authorization === 'Bearer new') json(response, configMap('a'));
        else json(response, status(401, 'Unauthorized', 'Unauthorized'), 401);
      },
      {},
      { credentials },
    );
    await api.patch(CONFIG_MAP, REF, { type: 'merge', body: {} });
    assert.equal(seen.length, 2);
    assert.equal(invalidated, 1);
  });

  it('gives up on a server that does not answer, and leaves its dead connections', async () => {
    const { api, sockets } = await served(
      (_, response, count) => {
        if (count !== 2) json(response, configMap('a'));
      },
      { clock: systemClock },
      { requestTimeoutMs: 80 },
    );
    await api.get(CONFIG_MAP, REF);
    await assert.rejects(api.get(CONFIG_MAP, REF), /no answer within 80 ms/);
    const before = sockets.size;
    await api.get(CONFIG_MAP, REF);
    assert.equal(sockets.size, before + 1, 'a new connection after the time-out');
  });

  it('gives up on an answer that never ends', async () => {
    const { api } = await served(
      (_, response) => {
        response.writeHead(200);
        response.write('{"kind":');
      },
      { clock: systemClock },
      { requestTimeoutMs: 80 },
    );
    await assert.rejects(api.get(CONFIG_MAP, REF), /not complete within/);
  });

  it('ends when the caller gives up: before, while and after sending', async () => {
    const { api, seen } = await served(() => {});
    const before = AbortSignal.abort(new Error('enough'));
    await assert.rejects(api.get(CONFIG_MAP, REF, { signal: before }), ApiUnreachable);
    const controller = new AbortController();
    const call = api.create(CONFIG_MAP, configMap('a'), { signal: controller.signal });
    while (seen.length === 0) await nextTurn();
    controller.abort();
    await assert.rejects(call, ApiUnreachable);
  });

  it('says who refused the connection', async () => {
    const api = createHttpApi(connection('http://127.0.0.1:1'), { clock: hasty });
    await assert.rejects(api.get(CONFIG_MAP, REF), /GET .*configmaps\/a: .*ECONNREFUSED/);
    api.close();
  });
});

const line = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: configMap(name, { resourceVersion: '5' }, { text: 'größer ✓' }) })}\n`;

describe('watches over HTTP', () => {
  it('reads events however the bytes are cut', async () => {
    const bytes = Buffer.from(
      line('ADDED', 'a') + line('MODIFIED', 'b') + line('BOOKMARK', 'c') + line('DELETED', 'd'),
    );
    for (const size of [1, 7, 64, bytes.length]) {
      const { api } = await served((_, response) => {
        response.writeHead(200);
        void (async () => {
          for (let at = 0; at < bytes.length; at += size) {
            response.write(bytes.subarray(at, at + size));
            if (at % 50 === 0) await nextTurn();
          }
          response.end();
        })();
      });
      const { names, error } = await collect(api.watch(CONFIG_MAP));
      assert.equal(error, undefined);
      assert.deepEqual(names, ['ADDED a', 'MODIFIED b', 'BOOKMARK c', 'DELETED d']);
    }
  });

  it('tells a clean end from a cut one at every byte of the stream', async () => {
    const bytes = Buffer.from(line('ADDED', 'a') + line('MODIFIED', 'b'));
    const first = Buffer.byteLength(line('ADDED', 'a'));
    const { api } = await served((request, response) => {
      const at = Number(new URL(request.url, 'http://x').searchParams.get('resourceVersion'));
      response.writeHead(200);
      response.end(bytes.subarray(0, at));
    });
    for (let at = 1; at <= bytes.length; at += 3) {
      const { names, error } = await collect(api.watch(CONFIG_MAP, { resourceVersion: String(at) }));
      assert.equal(names.length, at < first ? 0 : at < bytes.length ? 1 : 2);
      const whole = at === first || at === bytes.length;
      // The newline itself may be the missing byte; then the event is not certain to be whole either.
      assert.equal(error === undefined, whole, `cut at ${at}: ${String(error)}`);
      if (!whole) assert.ok(error instanceof ApiUnreachable);
    }
  });

  it('throws 410 and other errors, in the head or in the stream', async () => {
    const expired = status(410, 'Expired', 'too old resource version');
    const { api } = await served((_, response, count) => {
      if (count === 1) json(response, expired, 410);
      else response.end(`${line('ADDED', 'a')}${JSON.stringify({ type: 'ERROR', object: expired })}\n`);
    });
    assert.ok(isGone((await collect(api.watch(CONFIG_MAP))).error));
    const second = await collect(api.watch(CONFIG_MAP));
    assert.ok(isGone(second.error));
    assert.deepEqual(second.names, ['ADDED a']);
  });

  it('ends at a line that is not an event', async () => {
    for (const bad of [
      'nonsense\n',
      '[]\n',
      '{"type":"ADDED"}\n',
      '{"type":"WHAT","object":{"metadata":{}}}\n',
    ]) {
      const { api } = await served((_, response) =>
        response.end(line('ADDED', 'a') + bad + line('ADDED', 'b')),
      );
      const { names, error } = await collect(api.watch(CONFIG_MAP));
      assert.deepEqual(names, ['ADDED a']);
      assert.ok(error instanceof ApiUnreachable, bad);
    }
  });

  it('ends when nothing is heard for the idle limit, as on a half-open connection', async () => {
    const { api } = await served(
      (_, response) => {
        response.writeHead(200);
        response.write(line('ADDED', 'a'));
      },
      { clock: systemClock },
    );
    const { names, error } = await collect(api.watch(CONFIG_MAP, { idleTimeoutMs: 60 }));
    assert.deepEqual(names, ['ADDED a']);
    assert.match(String(error), /nothing heard for 60 ms/);
  });

  it('lets go of the connection when the reader stops or gives up', async () => {
    const { api, sockets } = await served((_, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a'));
    });
    for await (const event of api.watch(CONFIG_MAP)) {
      assert.equal(event.type, 'ADDED');
      break;
    }
    const controller = new AbortController();
    const reading = collect(api.watch(CONFIG_MAP, { signal: controller.signal }));
    while (sockets.size < 2) await nextTurn();
    controller.abort();
    assert.ok((await reading).error instanceof ApiUnreachable);
    const closed = [...sockets].map(
      (socket) => new Promise((resolve) => (socket.destroyed ? resolve(0) : socket.once('close', resolve))),
    );
    await Promise.all(closed);
  });
});

describe('the client-side limit', () => {
  it('holds back bulk requests, lets high priority pass, and puts low priority last', async () => {
    const order: string[] = [];
    const { api } = await served(
      (request, response) => {
        order.push(request.url.split('/').at(-1) ?? '');
        json(response, configMap('a'));
      },
      { qps: 20, burst: 2, clock: systemClock },
    );
    const get = (name: string, priority?: 'high' | 'low'): Promise<unknown> =>
      api.get(CONFIG_MAP, { namespace: 'ns', name }, { priority });
    const began = performance.now();
    await Promise.all([
      get('b1'),
      get('b2'),
      get('event', 'low'),
      get('n1'),
      get('n2'),
      get('verdict', 'high'),
    ]);
    assert.ok(performance.now() - began >= 140, 'three had to wait 50 ms each');
    assert.deepEqual(order.slice(0, 3).sort(), ['b1', 'b2', 'verdict']);
    assert.deepEqual(order.slice(3), ['n1', 'n2', 'event']);
  });

  it('lets go of a request that gives up while it waits', async () => {
    const { api, seen } = await served((_, response) => json(response, configMap('a')), {
      qps: 0.001,
      burst: 1,
      clock: systemClock,
    });
    await api.get(CONFIG_MAP, REF);
    await assert.rejects(api.get(CONFIG_MAP, REF, { signal: AbortSignal.timeout(20) }), /before it was sent/);
    assert.equal(seen.length, 1);
  });
});

async function secure(certificate: string, onRequest?: (socket: TLSSocket) => void): Promise<string> {
  const server = createSecureServer(
    {
      cert: fixture(`${certificate}.crt`),
      key: fixture(`${certificate}.key`),
      ca: fixture('ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      onRequest?.(request.socket as TLSSocket);
      json(response, configMap('a'));
    },
  );
  return `https://127.0.0.1:${await listen(server as unknown as Server)}`;
}

describe('TLS and proxies', () => {
  it('trusts the CA of the connection only, and shows its client certificate', async () => {
    let client: string | undefined;
    const url = await secure('server', (socket) => {
      const name = socket.getPeerCertificate().subject?.CN;
      client = Array.isArray(name) ? name[0] : name;
    });
    const tls = { ca: fixture('ca.crt'), cert: fixture('client.crt'), key: fixture('client.key') };
    const api = createHttpApi(connection(url, {}, { tls }), { clock: hasty });
    await api.get(CONFIG_MAP, REF);
    assert.equal(client, 'tester');
    const distrusting = createHttpApi(connection(url, {}, { tls: { ca: fixture('other-ca.crt') } }), {
      clock: hasty,
    });
    await assert.rejects(distrusting.get(CONFIG_MAP, REF), /certificate|SELF_SIGNED|UNABLE_TO/i);
    const careless = createHttpApi(connection(url, { insecureSkipTlsVerify: true }), { clock: hasty });
    await careless.get(CONFIG_MAP, REF);
    const misnamed = createHttpApi(connection(url, { tlsServerName: 'elsewhere' }, { tls }), {
      clock: hasty,
    });
    await assert.rejects(misnamed.get(CONFIG_MAP, REF), /ERR_TLS_CERT_ALTNAME_INVALID|does not match/);
    for (const each of [api, distrusting, careless, misnamed]) each.close();
  });

  it('makes a new agent when the CA changes', async () => {
    const url = await secure('server2');
    let material = { tls: { ca: fixture('ca.crt') }, revision: '1' };
    const credentials: Connection['credentials'] = {
      current: async () => ({ ...material, authorization: undefined }),
      invalidate: () => {},
    };
    const api = createHttpApi(connection(url, { credentials }), { clock: hasty });
    await assert.rejects(api.get(CONFIG_MAP, REF), ApiUnreachable);
    material = { tls: { ca: fixture('other-ca.crt') }, revision: '2' };
    await api.get(CONFIG_MAP, REF);
    api.close();
  });

  it('goes through the proxy of the kubeconfig', async () => {
    const url = await secure('server');
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.once('data', (head) => {
        const target = /^CONNECT (\S+):(\d+) /.exec(head.toString());
        asked.push(target?.[0] ?? '');
        const upstream = connect(Number(target?.[2]), target?.[1] ?? '', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.pipe(upstream).pipe(socket);
        });
        upstream.on('error', () => socket.destroy());
      });
      socket.on('error', () => {});
    });
    const port = await listen(proxy as unknown as Server);
    open.at(-1)!.close = () => proxy.close();
    const api = createHttpApi(
      connection(url, { proxyUrl: `http://127.0.0.1:${port}` }, { tls: { ca: fixture('ca.crt') } }),
      { clock: hasty },
    );
    await api.get(CONFIG_MAP, REF);
    await nextTurn();
    await api.get(CONFIG_MAP, REF);
    assert.equal(asked.length, 1, 'the tunnel is kept');
    assert.match(asked[0] ?? '', /^CONNECT 127\.0\.0\.1:/);
    api.close();
    const nonsense = createHttpApi(connection(url, { proxyUrl: 'ftp://x' }), { clock: hasty });
    await assert.rejects(nonsense.get(CONFIG_MAP, REF), /proxy-url/);
  });

  it('goes through a SOCKS proxy', async () => {
    const url = await secure('server');
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request) => {
          // Version, CONNECT, reserved, IPv4, four bytes of address, two of port.
          asked.push(`${request.subarray(4, 8).join('.')}:${request.readUInt16BE(8)}`);
          const upstream = connect(request.readUInt16BE(8), '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
            socket.pipe(upstream).pipe(socket);
          });
          upstream.on('error', () => socket.destroy());
        });
      });
    });
    const port = await listen(proxy as unknown as Server);
    open.at(-1)!.close = () => proxy.close();
    const through = (ca: string): HttpApi =>
      createHttpApi(
        connection(url, { proxyUrl: `socks5://127.0.0.1:${port}` }, { tls: { ca: fixture(ca) } }),
        { clock: hasty },
      );
    const api = through('ca.crt');
    await api.get(CONFIG_MAP, REF);
    await nextTurn();
    await api.get(CONFIG_MAP, REF);
    assert.deepEqual(asked, [new URL(url).host], 'the tunnel is kept');
    const distrusting = through('other-ca.crt');
    await assert.rejects(distrusting.get(CONFIG_MAP, REF), /certificate|SELF_SIGNED|UNABLE_TO/i);
    for (const each of [api, distrusting]) each.close();
  });
});
