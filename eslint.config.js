import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['pkg/**', 'target/**', 'dist/**', 'www/dist/**', '.cache/**', 'tests/web/out/**'] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'max-lines-per-function': ['error', { max: 100 }],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    // Scripts run in Node, and in the browser what stands inside page.evaluate().
    languageOptions: {
      globals: { ...globals.nodeBuiltin, ...globals.browser, chrome: 'readonly' },
    },
  },
  {
    files: [
      // A suite is one function.
      'tests/**',
      // A catalogue, too.
      '**/strings/*.ts',
      // Injected into pages, where nothing but the function itself is.
      'www/extension/content/in-page.ts',
    ],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['www/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // The console of a page that embeds us belongs to that page.
      'no-console': 'error',
    },
  },
);
