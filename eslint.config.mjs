// The house style as lint: strict TypeScript, the five doors, one-way dependencies, and sizes a reader can hold.
// `tests/src/tidy/` repeats the boundaries as a test, because the Nx rule is skipped where no project graph is cached.
import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { DOORS, EXEMPT, LAYERS } from './tools/boundaries.mjs';

const layers = Object.entries(LAYERS).map(([sourceTag, onlyDependOnLibsWithTags]) => ({
  sourceTag,
  onlyDependOnLibsWithTags,
}));

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', '.tidemark', '**/*.d.ts', 'coverage'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, allow: [], depConstraints: layers },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/no-extraneous-class': 'off',
      // Options of frameworks are classes in name only.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      'no-restricted-imports': [
        'error',
        { paths: DOORS.modules.flatMap((name) => [{ name: `node:${name}` }, { name }]) },
      ],
      'no-restricted-globals': ['error', ...DOORS.globals],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance comes in by the Random door.' },
        { object: 'process', property: 'env', message: 'The environment is read in main.ts only.' },
        { object: 'performance', property: 'now', message: 'Time comes in by the Clock door.' },
      ],
    },
  },
  {
    files: EXEMPT,
    rules: {
      'no-restricted-imports': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
    },
  },
  {
    // Parameters are what the framework hands over; schemas are used by decorators alone, which this rule does not see.
    files: ['**/*.controller.ts'],
    rules: { 'max-params': ['error', 8], 'no-useless-assignment': 'off' },
  },
  {
    // Foreign clients' enums are numbers to us.
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-enum-assignment': 'off' },
  },
  {
    files: ['**/*.spec.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // jest's matchers are any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'setTimeout', 'clearTimeout', 'Buffer', 'fetch', 'AbortController'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
  },
  prettier,
);
