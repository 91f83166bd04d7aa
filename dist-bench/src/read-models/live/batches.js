/** What has arrived by now goes into one batch with `first`: the more there is to do, the less each event costs. */
export function takeBuffered(subscription, first, most) {
    const batch = [first];
    while (batch.length < most) {
        const next = subscription.read();
        if (next === null)
            break;
        batch.push(next);
    }
    return batch;
}
