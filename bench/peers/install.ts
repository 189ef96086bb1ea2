/**
 * The packages that nabla is held against. They are large, and nobody needs them to work on nabla: they are no dependencies,
 * but installed into build/peers, in these versions, when they are first asked for.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { root } from '../place.ts';

export const versions = { '@jax-js/jax': '0.1.25', 'csv-parse': '7.0.3', 'onnxruntime-web': '1.30.0', papaparse: '5.7.1' } as const;

export type Peer = keyof typeof versions;

const folder = `${root}build/peers`;

const manifest = (peer: Peer): string => `${folder}/node_modules/${peer}/package.json`;

export function installPeers(...peers: readonly Peer[]): void {
  const installed = (peer: Peer): boolean =>
    existsSync(manifest(peer)) && (JSON.parse(readFileSync(manifest(peer), 'utf8')) as { version: string }).version === versions[peer];
  if (peers.every(installed)) return;
  // Those of another mode too: npm removes what it is not told of.
  const kept = (Object.keys(versions) as Peer[]).filter((peer) => peers.includes(peer) || installed(peer));
  const names = kept.map((peer) => `${peer}@${versions[peer]}`);
  console.log(`installing ${names.join(' and ')} into build/peers ...`);
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('run this through npm: npm run bench');
  const options = ['--no-save', '--no-fund', '--no-audit', '--ignore-scripts', '--prefix', folder];
  execFileSync(process.execPath, [npm, 'install', ...options, ...names], { cwd: root, stdio: 'inherit' });
}

/** A module of a peer, by its path in the package. */
export async function importPeer(peer: Peer, path: string): Promise<unknown> {
  return import(pathToFileURL(`${folder}/node_modules/${peer}/${path}`).href);
}
