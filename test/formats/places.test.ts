/** Places that models are saved in, wherever tests run: handlers everywhere, stores of a page in a page, and what is not there says so. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DataError, dense, FormatError, loadModel, OptionError, sequential, type Sequential } from '../../src/index.ts';

const make = (): Sequential => sequential({ layers: [dense({ units: 3, activation: 'tanh', inputShape: [2] })], seed: 4 });
const isPage = typeof document !== 'undefined';
const page = describe.skipIf(!isPage);

afterEach(() => void vi.restoreAllMocks());

describe('a handler', () => {
  it('gets the bytes, and gives them, at once or later', async () => {
    const model = make();
    const kept: Uint8Array[] = [];
    await model.save({ save: (bytes) => void kept.push(bytes) });
    await model.save({ save: async (bytes) => {
      await Promise.resolve();
      kept.push(bytes);
    } }, { format: 'safetensors' });
    expect(kept).toEqual([model.toBytes(), model.toBytes()]);
    for (const load of [() => kept[0]!, () => Promise.resolve(kept[1]!)]) {
      expect((await loadModel({ load })).getWeights()).toEqual(model.getWeights());
    }
  });

  it('that fails, fails as it does', async () => {
    await expect(make().save({ save: () => Promise.reject(new TypeError('full')) })).rejects.toThrow(new TypeError('full'));
    await expect(loadModel({ load: () => Promise.reject(new TypeError('gone')) })).rejects.toThrow(new TypeError('gone'));
    await expect(loadModel({ load: () => Uint8Array.of(1, 2) })).rejects.toThrow(FormatError);
  });
});

it('bytes are a place too, and options count', async () => {
  const model = make();
  expect((await loadModel(model.toBytes(), { backend: 'reference' })).backend).toBe('reference');
  await expect(loadModel(model.toBytes(), { backends: 1 } as never)).rejects.toThrow("loadModel: unknown option 'backends', did you mean 'backend'?");
});

describe('a place is refused that', () => {
  it.each<[string, unknown, RegExp]>([
    ['is nothing', undefined, /save: expected a path, a URL or an object with a function 'save', received undefined/],
    ['is null', null, /received null/],
    ['has no function', { load: () => new Uint8Array() }, /an object with a function 'save'/],
    ['is empty', '', /save: expected a path, a URL or a handler/],
    ['has an unknown scheme', 'indexdb://x', /save 'indexdb:\/\/x': unknown scheme, did you mean 'indexeddb'\?; known are file, http/],
    ['has no name', 'localstorage://', /expected a name behind localstorage:\/\//],
    ['is a web page', 'https://example.com/model', /a model can be loaded from there, not saved/],
    ['is data', new URL('data:,x'), /a model can be loaded from there, not saved/],
  ])('to save in: %s', async (_, target, message) => {
    const saving = make().save(target as never);
    await expect(saving).rejects.toThrow(OptionError);
    await expect(saving).rejects.toThrow(message);
  });

  it.each<[string, unknown, RegExp]>([
    ['is a number', 5, /loadModel: expected a path, a URL or an object with a function 'load', received 5/],
    ['has no function', { save: () => undefined }, /an object with a function 'load'/],
    ['gives text', { load: () => 'text' }, /loadModel: the handler's load: expected the bytes of a file, a Uint8Array, received 'text'/],
    ['is a download', 'downloads://x', /a model can be saved there, not loaded/],
    ['has an unknown scheme', 'htp://x', /did you mean 'http'/],
  ])('to load from: %s', async (_, source, message) => {
    const loading = loadModel(source as never);
    await expect(loading).rejects.toThrow(OptionError);
    await expect(loading).rejects.toThrow(message);
  });

  it('has an option that is unknown, or a format', async () => {
    const save = vi.fn();
    await expect(make().save({ save }, { formats: 'x' } as never)).rejects.toThrow("save: unknown option 'formats', did you mean 'format'?");
    await expect(make().save({ save }, { format: 'onxx' as never })).rejects.toThrow("save format: expected one of safetensors, onnx, tfjs; received 'onxx', did you mean 'onnx'?");
    expect(save).not.toHaveBeenCalled();
  });
});

it('a URL of data is read', async () => {
  const model = make();
  const base64 = btoa(String.fromCharCode(...model.toBytes()));
  expect((await loadModel(new URL(`data:application/octet-stream;base64,${base64}`))).getWeights()).toEqual(model.getWeights());
});

describe.skipIf(isPage)('where there is no page', () => {
  it.each([['indexeddb://x', 'IndexedDB'], ['localstorage://x', 'localStorage'], ['downloads://x', 'document']])('%s says so', async (place, what) => {
    // Some versions of Node have a localStorage of their own.
    vi.stubGlobal('localStorage', undefined);
    await expect(make().save(place)).rejects.toThrow(new OptionError(`save '${place}': there is no ${what} here; it needs a page`));
    vi.unstubAllGlobals();
  });
});

page('IndexedDB', () => {
  it('keeps models by name', async () => {
    const [first, second] = [make(), sequential({ layers: [dense({ units: 300, inputShape: [2000] })], seed: 1 })];
    await first.save('indexeddb://first');
    await second.save('indexeddb://second');
    expect((await loadModel('indexeddb://first')).getWeights()).toEqual(first.getWeights());
    expect((await loadModel('indexeddb://second')).toBytes()).toEqual(second.toBytes());
    await second.save('indexeddb://first');
    expect((await loadModel('indexeddb://first')).seed).toBe(1);
  });

  it('that fails, or has no such model, is a DataError', async () => {
    await expect(loadModel('indexeddb://none')).rejects.toThrow(new DataError("loadModel 'indexeddb://none': there is no such model"));
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    });
    const saving = make().save('indexeddb://full');
    await expect(saving).rejects.toThrow(DataError);
    await expect(saving).rejects.toThrow(/save 'indexeddb:\/\/full': IndexedDB failed \(The quota has been exceeded/);
  });

  it('that is aborted fails too, and nothing is kept', async () => {
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const request = put.call(this, value, key);
      this.transaction.abort();
      return request;
    });
    await expect(make().save('indexeddb://aborted')).rejects.toThrow(/IndexedDB failed/);
    await expect(loadModel('indexeddb://aborted')).rejects.toThrow(/there is no such model/);
  });
});

page('localStorage', () => {
  afterEach(() => localStorage.clear());

  it('keeps models by name', async () => {
    const model = sequential({ layers: [dense({ units: 100, inputShape: [100] })] });
    await model.save('localstorage://small');
    expect(Object.keys(localStorage)).toEqual(['nabla/small']);
    expect((await loadModel('localstorage://small')).toBytes()).toEqual(model.toBytes());
  });

  it('has no room for large ones, and what was there stays', async () => {
    const model = make();
    await model.save('localstorage://x');
    const large = sequential({ layers: [dense({ units: 1500, inputShape: [1000] })] });
    const saving = large.save('localstorage://x');
    await expect(saving).rejects.toThrow(DataError);
    await expect(saving).rejects.toThrow(/save 'localstorage:\/\/x': localStorage has no room for \d+ characters; save to indexeddb:\/\/x, which has more \(/);
    await expect(saving).rejects.toMatchObject({ cause: { name: 'QuotaExceededError' } });
    expect((await loadModel('localstorage://x')).getWeights()).toEqual(model.getWeights());
  });

  it('with no such model, or another thing under that name, is a DataError', async () => {
    await expect(loadModel('localstorage://none')).rejects.toThrow(new DataError("loadModel 'localstorage://none': there is no such model"));
    localStorage.setItem('nabla/x', '€');
    await expect(loadModel('localstorage://x')).rejects.toThrow(/what localStorage holds is no file/);
    localStorage.setItem('nabla/x', 'QQ==');
    await expect(loadModel('localstorage://x')).rejects.toThrow(FormatError);
  });
});

page('a download', () => {
  it.each([['digits', 'digits.safetensors'], ['digits.v2.bin', 'digits.v2.bin']])('%s is offered as %s', async (name, file) => {
    const model = make();
    const links: HTMLAnchorElement[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      links.push(this);
    });
    await model.save(`downloads://${name}`);
    expect(links.map(({ download }) => download)).toEqual([file]);
    expect((await loadModel(new URL(links[0]!.href))).toBytes()).toEqual(model.toBytes());
    expect((await loadModel(links[0]!.href)).toBytes()).toEqual(model.toBytes());
  });
});

page('the web', () => {
  it('answers with what there is not', async () => {
    // The server of the tests answers every path that it does not know with a page, or says so.
    await expect(loadModel('/no/such/model.safetensors')).rejects.toThrow(/loadModel '\/no\/such\/model.safetensors': /);
  });
});
