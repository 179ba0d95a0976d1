import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { resumeGrant } from '../lib/usecases/resume-grant.ts';

export const handler = endpoint('resume-grant', resumeGrant, container);
