/** stub */
import { UsageError, type Option, type Values } from './command.ts';
import type { Job, Settings } from './job.ts';

export const tableOptions: Readonly<Record<string, Option>> = {
  target: { type: 'string', short: 't', value: '<column>', summary: 'of a table: the column to learn' },
};

export async function tableJob(_path: string, _values: Values, _settings: Settings): Promise<Job> {
  await Promise.resolve();
  throw new UsageError('tables are not there yet');
}
