// Lambda function resume-grant: lets a patient resume a paused grant.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { resumeGrant } from '../lib/usecases/resume-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'resume-grant', resumeGrant, container);
