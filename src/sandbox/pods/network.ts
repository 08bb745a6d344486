/**
 * Where pods listen. On Linux the whole of 127.0.0.0/8 is loopback, so that each pod has an address of its own with
 * its real ports. Where it isn't (macOS has 127.0.0.1 only), or where a port is taken or needs privileges, the pod
 * listens on a free port instead, and `dial` tells everything inside the sandbox which one.
 */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Socket {
  readonly host: string;
  readonly port: number;
}

export interface NetworkOptions {
  /** Uniform in [0, 1). Two sandboxes on one machine take different second octets by it. */
  readonly random: () => number;
  readonly platform?: NodeJS.Platform | undefined;
}

/** Second octets that are given out: 127.0 is everybody's, and 127.1 is what people type. */
const FIRST_OCTET = 16;
const OCTETS = 224;
const HOSTS = 256 * 254;
/** What a free port can help with. */
const ELSEWHERE = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EPERM']);

export class PodNetwork {
  readonly #prefix: string;
  readonly #shared: boolean;
  readonly #used = new Set<string>();
  /** `address:port` of the pod -> where it really listens, for those that differ. */
  readonly #moved = new Map<string, Socket>();
  #next = 0;

  constructor({ random, platform = process.platform }: NetworkOptions) {
    this.#shared = platform !== 'linux';
    this.#prefix = this.#shared ? '10.244' : `127.${FIRST_OCTET + Math.floor(random() * OCTETS)}`;
  }

  /** A pod's address, its own until `release`. */
  allocate(): string {
    for (let tries = 0; tries < HOSTS; tries += 1) {
      const n = this.#next++ % HOSTS;
      const address = `${this.#prefix}.${Math.floor(n / 254)}.${(n % 254) + 1}`;
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return address;
    }
    throw new Error(`no address is left in ${this.#prefix}.0.0/16`);
  }

  release(address: string): void {
    this.#used.delete(address);
    for (const key of this.#moved.keys()) {
      if (key.startsWith(`${address}:`)) this.#moved.delete(key);
    }
  }

  /** Where to connect for a pod's address and port. */
  dial(address: string, port: number): Socket {
    return this.#moved.get(`${address}:${port}`) ?? { host: address, port };
  }

  /** Rejects with the system's error when the pod can't listen anywhere. */
  async listen(server: Server, address: string, port: number): Promise<void> {
    const host = this.#shared ? '127.0.0.1' : address;
    if (!this.#shared) {
      try {
        await listenAt(server, host, port);
        return;
      } catch (error) {
        if (!ELSEWHERE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
    await listenAt(server, host, 0);
    this.#moved.set(`${address}:${port}`, { host, port: (server.address() as AddressInfo).port });
  }
}

async function listenAt(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}
