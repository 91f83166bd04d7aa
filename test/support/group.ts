import { READ_MODELS } from '../../src/read-models/index.ts';
import { groupOf } from '../../src/read-models/live/consumer-group.ts';
import { streamPrefixes } from '../../src/read-models/read-model.ts';

/** Name on the server of the consumer group of a service with this CONSUMER_GROUP and STREAM_PREFIX. */
export function groupName(consumerGroup = 'pizzeria-api-v1', streamPrefix = '', readModels = READ_MODELS): string {
  return groupOf(consumerGroup, streamPrefixes(streamPrefix, readModels));
}
