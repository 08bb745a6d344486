/** The example of docs/providers.md, which must keep working. */

// docs:begin
import { createServer } from 'node:http';

const LAG: Record<string, number> = { orders: 12, payments: 3 };

interface Ask {
  config: { topic: string; settleSeconds?: number };
  previous?: { metadata?: Record<string, string> };
}

/** What each path of the contract answers. */
const CALLS: Record<string, (ask: Ask) => object> = {
  '/v1/measure'({ config: { topic, settleSeconds } }) {
    const lag = LAG[topic];
    if (lag === undefined) return { kind: 'error', message: `there is no topic "${topic}"` };
    if (settleSeconds !== undefined)
      return { kind: 'pending', resumeAfterSeconds: settleSeconds, metadata: { topic } };
    return { kind: 'value', result: { lag } };
  },
  '/v1/resume': ({ previous }) => ({
    kind: 'value',
    result: { lag: LAG[previous?.metadata?.['topic'] ?? ''] ?? null },
  }),
  '/v1/terminate': () => ({ kind: 'verdict', phase: 'Inconclusive', message: 'Metric Terminated' }),
};

export const lagPlugin = createServer((request, response) => {
  const call = CALLS[request.url ?? ''];
  if (call === undefined) {
    response.writeHead(404).end();
    return;
  }
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(call(JSON.parse(body) as Ask)));
  });
});
// docs:end

export async function startLagPlugin(): Promise<AsyncDisposable & { url: string }> {
  await new Promise<void>((resolve) => lagPlugin.listen(0, '127.0.0.1', resolve));
  const address = lagPlugin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        lagPlugin.closeAllConnections();
        lagPlugin.close(() => resolve());
      }),
  };
}
