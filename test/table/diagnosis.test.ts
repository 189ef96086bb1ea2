/** The doctor looks at models of tables as at others: gaps in the data are for their first layer, scales for their second. */
import { expect, it } from 'vitest';
import { diagnose, trainTable } from '../../src/index.ts';

const rows = Array.from({ length: 120 }, (_, i) => ({
  year: i % 7 === 0 ? null : 2000 + (i % 11), size: 4000 + 900 * Math.sin(i), kind: ['a', 'b', null][i % 3], same: 12, y: i % 2 === 0 ? 'even' : 'odd',
}));

it('a model of a table takes what is missing, and is not told to scale what it scales', async () => {
  const model = await trainTable(rows, { target: 'y', epochs: 5 });
  const { x, y } = model.features!.encode(rows);
  const { findings, layers } = diagnose(model, x, y!);
  expect(findings.map(({ code }) => code)).not.toContain('unscaledColumn');
  expect(layers.map(({ type }) => type)).toEqual(['impute', 'normalization', 'oneHot', 'dense', 'dense']);
  expect(findings.find(({ code }) => code === 'constantColumn')?.message).toContain("'same'");
});
