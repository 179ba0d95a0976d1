export { setUpApi as default } from './aws-setup.ts';
