// Jest global setup for suites that need the local API.
export { setUpApi as default } from './aws-setup.ts';
