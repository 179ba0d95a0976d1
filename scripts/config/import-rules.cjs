// Import rules for dependency-cruiser (docs/architecture.md). Of the crypto code, the server may import only the listed files; files that use secrets are not
// listed.
const no = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: to } });
const OWN_CODE = '^(lib|functions|web|demo|examples|localstack|scripts|test|bench)/';
const only = (folder, allowed) => ({
  name: `${folder}-imports`,
  severity: 'error',
  from: { path: `^lib/${folder}/` },
  to: { path: OWN_CODE, pathNot: `^lib/(${[folder, ...allowed].join('|')})/` },
});
const serverDoors = 'umbral/(proxy|capsule|kfrag|cfrag|errors)\\.ts$|envelope/header\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphan-packages', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('bytes', []),
    only('umbral', ['bytes']),
    only('envelope', ['bytes', 'umbral']),
    // lib/files is for Node only, because it uses files and threads.
    only('files', ['bytes', 'envelope']),
    only('identity', ['bytes', 'umbral', 'envelope', 'statements', 'api']),
    only('statements', ['bytes']),
    only('domain', ['bytes', 'statements']),
    only('api', ['bytes', 'statements', 'domain']),
    only('ports', ['bytes', 'statements', 'domain']),
    only('usecases', ['bytes', 'statements', 'domain', 'api', 'ports', 'umbral', 'envelope']),
    only('stores', ['bytes', 'statements', 'domain', 'api', 'ports', 'envelope']),
    only('http', ['bytes', 'statements', 'domain', 'api', 'ports']),
    only('fhir', ['bytes', 'statements', 'domain', 'api']),
    only('client', ['bytes', 'umbral', 'envelope', 'files', 'identity', 'statements', 'domain', 'api', 'fhir']),
    {
      name: 'files-are-for-node',
      comment: 'the client that browsers use must not need files and threads',
      severity: 'error',
      from: { path: '^lib/(?!files/)', pathNot: '^lib/(client/node\\.ts$|cli/)' },
      to: { path: '^lib/files/' },
    },
    {
      name: 'server-keeps-to-its-doors',
      comment: 'the server must not be able to decrypt: it may use only the doors that hold no secret',
      severity: 'error',
      from: { path: '^(functions|lib/(ports|usecases|stores|http|runtime|api|domain|statements))/' },
      to: { path: '^lib/(umbral|envelope|files|identity|client)/', pathNot: `^lib/(${serverDoors})` },
    },
    {
      name: 'server-stays-in-its-folders',
      comment:
        'code elsewhere (tests, scripts, a new folder of lib) may import secrets, so a function could get them through it',
      severity: 'error',
      from: { path: '^(functions|lib/runtime)/' },
      to: {
        path: OWN_CODE,
        pathNot: '^lib/(bytes|umbral|envelope|statements|domain|api|ports|usecases|stores|http|runtime)/',
      },
    },
    no(
      'usecases-know-ports-only',
      '^lib/usecases/',
      '^lib/(stores|http|runtime|client)/',
      'stores satisfy the types of lib/ports',
    ),
    {
      name: 'browser-code-stays-portable',
      severity: 'error',
      from: {
        path: '^lib/(bytes|umbral|envelope|statements|identity|domain|api|fhir|client)/',
        pathNot: '^lib/client/node\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    no(
      'browser-code-knows-no-aws',
      '^lib/(bytes|umbral|envelope|statements|identity|domain|api|fhir|client)/',
      '@aws-sdk|@smithy|@middy',
      '',
    ),
    {
      name: 'applications-use-the-public-door',
      comment: 'applications import lib/client/index.ts, or lib/client/node.ts where there is Node, and nothing deeper',
      severity: 'error',
      from: { path: '^(examples|demo|docs|web|lib/cli)/|^test/support/browser-entry' },
      to: {
        path: OWN_CODE,
        pathNot:
          '^lib/(client/(index|node)\\.ts$|cli/)|^(examples|demo|web)/|^(scripts/local-system|localstack/shutdown)\\.ts$',
      },
    },
    no('fhir-is-client-side', '^(functions|lib/(ports|usecases|stores|http|runtime|api|domain))/', '^lib/fhir/', ''),
    no(
      'gpl-peer-stays-in-tests',
      '^(lib|functions|demo|scripts|localstack)/',
      '@nucypher',
      'GPL-3: a peer to test against, never shipped',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
