/** Losses over a run of any length in a bounded number of points: when they become too many, every other one goes. The latest always stays. */

const most = 1200;

export class Curve {
  readonly #epochs: number[] = [];
  readonly #train: number[] = [];
  readonly #test: number[] = [];
  /** Epochs that are no multiple of it are left out. */
  #stride = 1;
  #latest: readonly [epoch: number, train: number, test: number] | undefined;

  add(epoch: number, train: number, test: number): void {
    this.#latest = [epoch, train, test];
    if (epoch % this.#stride !== 0) return;
    this.#epochs.push(epoch);
    this.#train.push(train);
    this.#test.push(test);
    if (this.#epochs.length > most) this.#thin();
  }

  #thin(): void {
    this.#stride *= 2;
    const kept = this.#epochs.map((epoch) => epoch % this.#stride === 0);
    for (const values of [this.#train, this.#test, this.#epochs]) {
      const left = values.filter((_, i) => kept[i]);
      values.splice(0, values.length, ...left);
    }
  }

  /** A copy, to send away. */
  arrays(): { epochs: Float64Array; train: Float64Array; test: Float64Array } {
    // Else the curve, and what is said of it, would lag behind the numbers beside it.
    const [epoch, train, test] = this.#latest === undefined || this.#latest[0] === this.#epochs.at(-1) ? [[], [], []] : this.#latest.map((value) => [value]);
    return { epochs: Float64Array.of(...this.#epochs, ...epoch!), train: Float64Array.of(...this.#train, ...train!), test: Float64Array.of(...this.#test, ...test!) };
  }
}
