// Jobs: a list of the functions that run on a schedule and have no route.
export const JOBS = {
  'sweep-uploads': { summary: 'Remove uploads that nobody finished within a day, and their blobs' },
} as const;
export type JobName = keyof typeof JOBS;
