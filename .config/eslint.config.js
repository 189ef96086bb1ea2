/**
 * Lint rules: typescript-eslint's strict set with types for src, test and bench, without them for configuration. Kernels in
 * assembly/ are AssemblyScript, another language. Layout is a matter of taste and has no rules here.
 */
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const everywhere = {
  eqeqeq: 'error',
  'no-console': 'error',
  'no-eval': 'error',
  'no-new-func': 'error',
  'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Draw from src/random.ts, so that a seed decides.' }],
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
};

/** What the house style does on purpose. */
const accepted = {
  // Typed arrays are indexed with `!`: the loop's bounds are the proof.
  '@typescript-eslint/no-non-null-assertion': 'off',
  // What users pass is checked although the types forbid it.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
  // It takes assertions for needless that the compiler asks for.
  '@typescript-eslint/no-unnecessary-type-assertion': 'off',
  '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/no-meaningless-void-operator': 'off',
  '@typescript-eslint/no-invalid-void-type': 'off',
  '@typescript-eslint/unified-signatures': 'off',
  // Tables of functions, such as an activation and its derivative, are taken apart; none of them uses `this`.
  '@typescript-eslint/unbound-method': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }],
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
};

export default tseslint.config(
  { ignores: ['assembly/', 'build/', 'coverage/', 'dist/', 'docs/', 'src/backend/binary.ts', 'src/backend/extra.ts', 'src/backend/relaxed.ts', '**/*.probe.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: fileURLToPath(new URL('..', import.meta.url)) } },
    rules: { ...everywhere, ...accepted },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.base], rules: everywhere },
  { files: ['src/platform.ts', 'src/cli/**', 'bench/**', 'test/**', '.config/**'], rules: { 'no-console': 'off' } },
);
