import tseslint from 'typescript-eslint';

/** Rules on the shape of the code; each folder below adds to them or takes one away. */
const shape = {
  moduleLet: {
    selector: 'Program > VariableDeclaration[kind="let"], Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
    message: 'State of a module is shared by everybody: put it into an object that is passed in.',
  },
  html: {
    selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
    message: 'Text from a host must not become HTML: build elements, or use the one place that takes our own HTML.',
  },
  registerCommand: {
    selector: 'MemberExpression[property.name="registerCommand"]',
    message: 'Commands are registered in src/extension/commands.ts, so that every error reaches the person.',
  },
  enums: { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  evaluation: {
    selector: 'CallExpression[callee.name="eval"], NewExpression[callee.name="Function"]',
    message: 'Nothing is evaluated.',
  },
};
const restrict = (...rules) => ({ 'no-restricted-syntax': ['error', ...rules] });

const processes = {
  paths: ['child_process', 'node:child_process'].map((name) => ({
    name,
    message: 'Processes are started in src/collect, with a limit on time and output.',
  })),
};

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'dist/**', 'out/**', '.droplens/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true } },
  {
    files: ['**/*.{ts,mts,mjs}'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-debugger': 'error',
      'no-fallthrough': 'error',
      'no-unreachable': 'error',
      'no-unsafe-finally': 'error',
      'no-cond-assign': 'error',
      'no-duplicate-case': 'error',
      'no-empty': 'error',
      'no-throw-literal': 'error',
      'max-lines': ['warn', { max: 350, skipBlankLines: true, skipComments: true }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
    },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-throw-literal': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...restrict(...Object.values(shape)),
      'no-restricted-imports': ['error', processes],
      'no-console': 'error',
    },
  },
  { files: ['src/extension/commands.ts'], rules: restrict(shape.moduleLet, shape.html, shape.enums, shape.evaluation) },
  // The one place of the page that takes HTML: our own renderer made it from our own file.
  {
    files: ['src/webview/prose.ts'],
    rules: restrict(shape.moduleLet, shape.registerCommand, shape.enums, shape.evaluation),
  },
  { files: ['src/collect/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['test/**/*.ts'], rules: restrict(shape.enums, shape.evaluation) },
);
