/** Keys with an instant each: the earliest first, one entry a key. A binary heap with an index of positions. */

export interface Delayed<Value> {
  readonly key: string;
  readonly at: number;
  readonly value: Value;
}

export class DelayHeap<Value> {
  readonly #heap: (Delayed<Value> & { readonly order: number })[] = [];
  readonly #positions = new Map<string, number>();
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  first(): Delayed<Value> | undefined {
    return this.#heap[0];
  }

  get(key: string): Delayed<Value> | undefined {
    const position = this.#positions.get(key);
    return position === undefined ? undefined : this.#heap[position];
  }

  /** Adds the key or moves it. Of equal instants the one that was set first comes first. */
  set(key: string, at: number, value: Value): void {
    this.delete(key);
    this.#order += 1;
    this.#heap.push({ key, at, value, order: this.#order });
    this.#positions.set(key, this.#heap.length - 1);
    this.#up(this.#heap.length - 1);
  }

  delete(key: string): boolean {
    const position = this.#positions.get(key);
    if (position === undefined) return false;
    const last = this.#heap.length - 1;
    this.#swap(position, last);
    this.#heap.pop();
    this.#positions.delete(key);
    if (position < last) {
      this.#up(position);
      this.#down(position);
    }
    return true;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#positions.clear();
  }

  #before(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return false;
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  #up(position: number): void {
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#before(position, parent)) return;
      this.#swap(position, parent);
      position = parent;
    }
  }

  #down(position: number): void {
    for (;;) {
      const left = 2 * position + 1;
      const smaller = this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(smaller, position)) return;
      this.#swap(position, smaller);
      position = smaller;
    }
  }

  #swap(a: number, b: number): void {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined || a === b) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
    this.#positions.set(right.key, a);
    this.#positions.set(left.key, b);
  }
}
