/** What stands in a heap, and knows where. */
export interface HeapItem {
  /** -1 while it is in none. */
  position: number;
}

/** A binary heap, the least item first, in which each item knows its position: any one moves or leaves in O(log n). */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #isLess: (a: Item, b: Item) => boolean;

  constructor(isLess: (a: Item, b: Item) => boolean) {
    this.#isLess = isLess;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    item.position = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  /** Of an item that is in this heap. */
  remove(item: Item): void {
    const { position } = item;
    const last = this.#items.pop();
    item.position = -1;
    if (last === undefined || last === item) return;
    this.#put(last, position);
    this.moved(last);
  }

  /** Restores the order after `item` became less or more. */
  moved(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  #put(item: Item, position: number): void {
    this.#items[position] = item;
    item.position = position;
  }

  #rise(item: Item): void {
    for (;;) {
      const { position } = item;
      const parent = this.#items[(position - 1) >> 1];
      if (position === 0 || parent === undefined || !this.#isLess(item, parent)) return;
      this.#put(item, parent.position);
      this.#put(parent, position);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const { position } = item;
      const left = this.#items[2 * position + 1];
      const right = this.#items[2 * position + 2];
      const child = left && right && this.#isLess(right, left) ? right : left;
      if (child === undefined || !this.#isLess(child, item)) return;
      this.#put(item, child.position);
      this.#put(child, position);
    }
  }
}
