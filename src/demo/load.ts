/**
 * `sluice demo-load`: clients that ask at a steady rate, whatever the answers, and tell on standard output what they
 * saw: a line of JSON every 100 ms, `[[start, end, status, version], ...]`. Why there was no answer stands on standard
 * error.
 */

import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';

const TELL_MS = 100;
const TIMEOUT_MS = 5000;
const DRAIN_MS = 2000;
const MAX_COMPLAINTS = 100;
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

export type AnswerLine = readonly (readonly [number, number, number, string])[];

export async function loadCommand(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { url: { type: 'string' }, host: { type: 'string' }, rate: { type: 'string', default: '100' } },
  });
  const rate = Number(values.rate);
  if (values.url === undefined || !(rate > 0 && rate <= 10_000)) {
    console.error('Error: usage: sluice demo-load --url URL [--host NAME] [--rate REQUESTS_PER_SECOND]');
    return 1;
  }
  await ask(new URL(values.url), values.host, rate);
  return 0;
}

async function ask(url: URL, host: string | undefined, rate: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const done: [number, number, number, string][] = [];
  let open = 0;
  let complaints = 0;

  const one = (): void => {
    const start = Date.now();
    open += 1;
    let told = false;
    const finish = (status: number, version: string): void => {
      if (told) return;
      told = true;
      open -= 1;
      done.push([start, Date.now(), status, version]);
    };
    const failed = (error: Error): void => {
      if (!told && complaints++ < MAX_COMPLAINTS)
        console.error(
          `${new Date().toISOString()} no answer since ${Date.now() - start} ms: ${error.message}`,
        );
      finish(0, '');
    };
    const attempt = (by: Agent | false): void => {
      let answered = false;
      const asked = request(
        url,
        { agent: by, timeout: TIMEOUT_MS, ...(host === undefined ? {} : { headers: { host } }) },
        (response) => {
          answered = true;
          response.resume();
          const version = response.headers['x-version'];
          response.once('end', () =>
            finish(response.statusCode ?? 0, typeof version === 'string' ? version : ''),
          );
          response.once('error', failed);
        },
      );
      asked.once('timeout', () => asked.destroy(new Error('timed out')));
      asked.once('error', (error: NodeJS.ErrnoException) => {
        // The server closed the idle connection while the request was on its way: every client asks once more then
        // (RFC 9112 section 9.3.1), here on a new one.
        if (!answered && asked.reusedSocket && CLOSED.has(error.code ?? '')) attempt(false);
        else failed(error);
      });
      asked.end();
    };
    attempt(agent);
  };

  const tell = (): void => {
    if (done.length > 0) process.stdout.write(`${JSON.stringify(done.splice(0))}\n`);
  };

  await new Promise<void>((resolve) => {
    const began = performance.now();
    let sent = 0;
    const sender = setInterval(() => {
      // What is due by now; after a stall not all at once.
      const due = Math.floor(((performance.now() - began) / 1000) * rate);
      if (due - sent > rate) sent = due - 1;
      for (; sent < due; sent += 1) one();
    }, 5);
    const teller = setInterval(tell, TELL_MS);
    const stop = (): void => {
      clearInterval(sender);
      const deadline = performance.now() + DRAIN_MS;
      const waiting = setInterval(() => {
        if (open > 0 && performance.now() < deadline) return;
        clearInterval(waiting);
        clearInterval(teller);
        tell();
        agent.destroy();
        resolve();
      }, 20);
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
}
