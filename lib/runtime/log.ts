// Log writer: writes each event of lib/http/log-events.ts as a JSON line with Powertools Logger, and metrics (EMF) of each request and job with Powertools
// Metrics. It does not use the Powertools middleware, because that logs whole events of Lambda if an environment variable is set.
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ERRORS } from '../api/errors.ts';
import { LOG_EVENTS, type Log, type LogEvent, type LogFields } from '../http/log-events.ts';

const SERVICE = 'pcehr';

/**
 * Makes the log. Events whose name ends in `-faulted` get the level ERROR, all others the level INFO.
 * @param options.metrics false to write no metrics
 */
export function makeLog({ metrics: measured = true }: { readonly metrics?: boolean } = {}): Log {
  const logger = new Logger({ serviceName: SERVICE, logLevel: 'INFO' });
  const metrics = new Metrics({ namespace: SERVICE, serviceName: SERVICE });
  return (event, fields) => {
    const write = event.endsWith('-faulted') ? 'error' : 'info';
    logger[write](LOG_EVENTS[event], { event, ...fields });
    if (measured) measure(metrics, event, fields);
  };
}

function measure(metrics: Metrics, event: LogEvent, fields: LogFields): void {
  if (event === 'request-faulted') return;
  metrics.addDimension('function', fields.function);
  const faulted = event === 'job-faulted' || (fields.code !== undefined && ERRORS[fields.code].fault === 'server');
  metrics.addMetric('Calls', MetricUnit.Count, 1);
  metrics.addMetric('Faults', MetricUnit.Count, faulted ? 1 : 0);
  metrics.addMetric('Refusals', MetricUnit.Count, fields.code !== undefined && !faulted ? 1 : 0);
  if (fields.ms !== undefined) metrics.addMetric('Duration', MetricUnit.Milliseconds, fields.ms);
  if (fields.count !== undefined) metrics.addMetric('Done', MetricUnit.Count, fields.count);
  metrics.publishStoredMetrics();
}

const START_EVENTS = { 'curve-fell-back': 'The kernel of the curve is not used.' } as const;

/** Warns about a state of the process at its start, before any request. It logs fixed words only. */
export function warnAtStart(
  event: keyof typeof START_EVENTS,
  fields: Readonly<Record<string, string | undefined>>,
): void {
  new Logger({ serviceName: SERVICE, logLevel: 'INFO' }).warn(START_EVENTS[event], { event, ...fields });
}
