import { Document, type Value } from '../bson/values.ts';
import { MongoError } from '../errors.ts';
import type { Apply } from '../write/update.ts';
import { parseStage, stageOf, type Stage } from './stages.ts';

const allowed = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/** An update written as a pipeline. @param pipeline an array, decoded as a document whose fields are its positions */
export function compilePipelineUpdate(pipeline: Document): Apply {
  const stages: Stage[] = (Object.values(pipeline) as Value[]).map((stage) => {
    const [name] = stageOf(stage);
    if (!allowed.has(name)) throw new MongoError(72, `${name} is not allowed to be used within an update`);
    return parseStage(stage);
  });
  return (document) => {
    let documents: Iterable<Document> = [Object.assign(new Document(), document)];
    for (const stage of stages) documents = stage(documents);
    const [result] = [...documents];
    const id = document['_id'];
    for (const name of Object.keys(document)) Reflect.deleteProperty(document, name);
    // A stage that makes a new document keeps the _id unless it says otherwise.
    if (id !== undefined && result?.['_id'] === undefined) document['_id'] = id;
    Object.assign(document, result);
  };
}
