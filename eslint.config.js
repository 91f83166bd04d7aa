import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What each folder of src may not import: folders import downwards only, as the README's picture shows. */
const boundaries = [
  [
    'domain',
    [
      '**/commands/**',
      '**/live/**',
      '**/eventstoredb/**',
      '**/read-models/**',
      '**/http/**',
      '**/access/**',
      '**/config.ts',
      '@eventstore/*',
      'mongodb',
      'fastify',
      'pino',
      'node:*',
    ],
  ],
  [
    'eventstoredb',
    ['**/commands/**', '**/live/**', '**/read-models/**', '**/http/**', '**/access/**', 'fastify', 'mongodb'],
  ],
  ['commands', ['**/live/**', '**/read-models/**', '**/http/**', '**/access/**', 'fastify', 'mongodb']],
  ['read-models', ['**/commands/**', '**/src/live/**', '**/http/**', '**/access/**', 'fastify']],
  ['live', ['**/commands/**', '**/http/**', '**/access/**', 'fastify']],
  ['access', ['**/commands/**', '**/eventstoredb/**', '**/read-models/**', '**/http/**', 'fastify', 'mongodb']],
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'dist-tools/',
      'coverage/',
      'data/',
      'bench/peer/',
      'node_modules/',
      'test/client/program.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'scripts/*.js', 'test/client/*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ group: ['**/main.ts'], message: 'main.ts only starts the process' }],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
      eqeqeq: 'error',
    },
  },
  ...boundaries.map(([folder, group]) => ({
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: [...group, '**/main.ts', '@marios-pizzeria/*'], message: `src/${folder} may not depend on this` },
          ],
        },
      ],
    },
  })),
  {
    files: ['web/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/src/**'], message: 'web is what browsers load' }] },
      ],
    },
  },
  {
    files: ['src/config.ts', '**/test/**/*.ts', 'bench/**/*.ts', 'demo/**/*.ts', '*.config.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  // What the API answers is of every shape.
  {
    files: ['test/{access,api,live,tracing}/**/*.ts'],
    rules: Object.fromEntries(
      ['assignment', 'member-access', 'argument', 'call', 'return'].map((name) => [
        `@typescript-eslint/no-unsafe-${name}`,
        'off',
      ]),
    ),
  },
  { files: ['*.js', 'bench/**/*.js', 'scripts/*.js', 'test/client/*.js'], ...tseslint.configs.disableTypeChecked },
);
