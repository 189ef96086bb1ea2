/** Losses over a run of any length in a bounded number of points: when they become too many, every other one goes. */

const most = 1200;

export class Curve {
  readonly #epochs: number[] = [];
  readonly #train: number[] = [];
  readonly #test: number[] = [];
  /** Epochs that are no multiple of it are left out. */
  #stride = 1;

  add(epoch: number, train: number, test: number): void {
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
    return { epochs: Float64Array.from(this.#epochs), train: Float64Array.from(this.#train), test: Float64Array.from(this.#test) };
  }
}
