/** Follows redirects by hand, because credentials must never reach a host that the metric did not name. */

import { HttpFailure } from './types.ts';
import type { HttpResponse } from './types.ts';
import { placeOf } from './transport.ts';
import type { Hop, Transport } from './transport.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers that say nothing about who asks. */
const HARMLESS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);

export async function followRedirects(
  transport: Transport,
  first: Hop,
  limit: number,
): Promise<HttpResponse> {
  let hop = first;
  for (let followed = 0; ; followed++) {
    const response = await transport(hop);
    const location = response.headers['location'];
    if (!REDIRECTS.has(response.status) || location === undefined || location === '') return response;
    if (followed === limit)
      throw new HttpFailure(
        'too-many-redirects',
        `${first.method} ${placeOf(first.url)}: more than ${limit} redirects`,
      );
    hop = nextHop(hop, response.status, location);
  }
}

function nextHop(hop: Hop, status: number, location: string): Hop {
  let url: URL;
  try {
    url = new URL(location, hop.url);
  } catch {
    throw new HttpFailure('bad-request', `${hop.method} ${placeOf(hop.url)}: redirected to what is no URL`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HttpFailure('bad-request', `${hop.method} ${placeOf(hop.url)}: redirected to ${url.protocol}`);
  const asGet = status === 303 || ((status === 301 || status === 302) && hop.method === 'POST');
  const trusted = sameParty(hop.url, url);
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => {
      const lower = name.toLowerCase();
      if (asGet && (lower === 'content-type' || lower === 'content-length')) return false;
      return trusted || HARMLESS.has(lower);
    }),
  );
  if (!trusted) {
    url.username = '';
    url.password = '';
  }
  return {
    ...hop,
    url,
    headers,
    method: asGet && hop.method !== 'HEAD' ? 'GET' : hop.method,
    body: asGet ? undefined : hop.body,
    insecure: hop.insecure && trusted,
    // Whoever answers chose this address, not the controller's configuration.
    unguarded: false,
  };
}

/** The same host and port, or the same host going from plain to TLS on the usual ports. */
function sameParty(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return (
    from.hostname === to.hostname &&
    from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.port === '' &&
    to.port === ''
  );
}
