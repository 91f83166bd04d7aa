import type { ResolvedEvent } from '../log/events.ts';
import type { GroupSettings } from './group-settings.ts';
import type { Strategy } from './strategies.ts';
import { createStrategy } from './strategies.ts';

/** An event on its way through a group. */
export interface Message {
  /** What consumers acknowledge by: the id of the link, or of the event when there is none. */
  readonly id: string;
  readonly resolved: ResolvedEvent;
  /** Stream that decides the consumer of a pinned group. */
  readonly stream: string;
  /** Revision in the stream or position in the log; undefined for a replayed parked message. */
  readonly place: number | undefined;
  retries: number;
}

export interface Consumer {
  readonly id: number;
  /** Messages that it may hold unacknowledged. */
  readonly slots: number;
  readonly inFlight: Set<string>;
  totalItems: number;
  /** False while the connection is congested. */
  ready: boolean;
}

export type NackAction = 'park' | 'retry' | 'skip' | 'stop';

/** What a group asks the outside to do. None of these may call back into the group before it returns. */
export interface GroupEffects {
  /** Gives false when the connection is congested; the message counts as sent all the same. */
  deliver(consumer: Consumer, message: Message): boolean;
  /** Must be answered by `parked(id)` when it is on disk. */
  park(message: Message, reason: string): void;
  saveCheckpoint(place: number): void;
}

interface Outstanding {
  readonly message: Message;
  readonly consumer: Consumer;
  readonly dueAt: number;
  /** Sent after a message of a higher place: a retry, or one whose pinned consumer was busy. */
  readonly late: boolean;
}

export interface GroupCounts {
  readonly buffered: number;
  readonly retrying: number;
  readonly outstanding: number;
  readonly totalItems: number;
}

/**
 * One persistent subscription group: which message goes to which consumer, what is retried, what is parked, and up
 * to where everything is done. A pure state machine: it reads no log and no clock, the time comes in as an argument
 * (milliseconds) and what has to happen goes out through `effects`.
 *
 * Places are whole numbers without gaps, so the checkpoint is simply the place before the first message that is not
 * done yet.
 */
export class ConsumerGroup {
  readonly consumers = new Map<number, Consumer>();
  readonly #settings: GroupSettings;
  readonly #effects: GroupEffects;
  readonly #strategy: Strategy;
  readonly #buffer: Message[] = [];
  readonly #retry: Message[] = [];
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #parking = new Map<string, Message>();
  #head = 0;
  #highestSent = -1;
  #lateCount = 0;
  #scannedTo: number;
  #checkpoint: number;
  #checkpointedAt = -Infinity;
  #totalItems = 0;

  /** @param after last place that is done already */
  constructor(settings: GroupSettings, effects: GroupEffects, after: number) {
    this.#settings = settings;
    this.#effects = effects;
    this.#strategy = createStrategy(settings.namedConsumerStrategy);
    this.#scannedTo = after;
    this.#checkpoint = after;
  }

  get counts(): GroupCounts {
    return {
      buffered: this.#buffer.length - this.#head,
      retrying: this.#retry.length,
      outstanding: this.#outstanding.size,
      totalItems: this.#totalItems,
    };
  }

  /** True when there is room for another batch of events. */
  get hungry(): boolean {
    const held = this.#buffer.length - this.#head + this.#retry.length;
    return this.#settings.historyBufferSize - held >= this.#settings.readBatchSize;
  }

  get full(): boolean {
    const { maxSubscriberCount } = this.#settings;
    return maxSubscriberCount !== 0 && this.consumers.size >= maxSubscriberCount;
  }

  /** Takes the next events of the log in order; all places up to `scannedTo` have been looked at. */
  feed(messages: readonly Message[], scannedTo: number, now: number): void {
    this.#compact();
    for (const message of messages) this.#buffer.push(message);
    this.#scannedTo = scannedTo;
    this.#push(now);
    if (messages.length === 0) this.#markCheckpoint(now, false);
  }

  /** Takes parked messages to try again; they come before anything that is buffered. */
  replay(messages: readonly Message[], now: number): void {
    this.#retry.push(...messages);
    this.#push(now);
  }

  connect(consumer: Consumer, now: number): void {
    this.consumers.set(consumer.id, consumer);
    this.#strategy.add(consumer);
    this.#push(now);
  }

  /** What the consumer had not acknowledged goes to others, whatever its retry count. */
  disconnect(id: number, now: number): void {
    const consumer = this.consumers.get(id);
    if (consumer === undefined) return;
    this.consumers.delete(id);
    this.#strategy.remove(consumer);
    for (const messageId of [...consumer.inFlight]) {
      const outstanding = this.#outstanding.get(messageId);
      if (outstanding !== undefined) this.#retryLater(outstanding.message);
    }
    this.#push(now);
  }

  /** The consumer's connection takes messages again. */
  drained(id: number, now: number): void {
    const consumer = this.consumers.get(id);
    if (consumer === undefined) return;
    consumer.ready = true;
    this.#push(now);
  }

  ack(ids: readonly string[], now: number): void {
    for (const id of ids) this.#release(id);
    this.#markCheckpoint(now, false);
    this.#push(now);
  }

  nack(ids: readonly string[], action: NackAction, reason: string, now: number): void {
    for (const id of ids) {
      const message = this.#outstanding.get(id)?.message;
      if (message === undefined) continue;
      switch (action) {
        case 'retry':
          this.#retryOrPark(message);
          break;
        case 'park':
          this.#park(message, `Client explicitly NAK'ed message.\n${reason}`);
          break;
        // EventStoreDB's stop acknowledges as well; ending the subscription is left to the client.
        case 'stop':
        case 'skip':
          this.#release(id);
          break;
        default:
          action satisfies never;
      }
    }
    this.#markCheckpoint(now, false);
    this.#push(now);
  }

  /** A message that was to be parked is on disk. */
  parked(id: string, now: number): void {
    this.#parking.delete(id);
    this.#markCheckpoint(now, false);
    this.#push(now);
  }

  /** Retries what has timed out and writes the checkpoint that is due by time. */
  tick(now: number): void {
    for (const { message, dueAt } of this.#outstanding.values()) {
      if (dueAt > now) break; // they were sent in this order and all have the same time-out
      this.#retryOrPark(message);
    }
    this.#push(now);
    this.#markCheckpoint(now, true);
  }

  #push(now: number): void {
    for (let index = 0; index < this.#retry.length;) {
      const message = this.#retry[index];
      const pushed = message && this.#send(message, now);
      if (pushed === 'sent') this.#retry.splice(index, 1);
      else if (pushed === 'full') return;
      else index += 1;
    }
    this.#pushBuffer(now);
  }

  #pushBuffer(now: number): void {
    const skipped: Message[] = [];
    while (this.#head < this.#buffer.length) {
      const message = this.#buffer[this.#head];
      if (message === undefined) break;
      const pushed = this.#send(message, now);
      if (pushed === 'full') break;
      if (pushed === 'later') skipped.push(message);
      this.#head += 1;
    }
    if (skipped.length === 0) return;
    this.#buffer.splice(0, this.#head, ...skipped);
    this.#head = 0;
  }

  #send(message: Message, now: number): 'sent' | 'later' | 'full' {
    // Acknowledgement is by id: two messages of the same id cannot be told apart while both are out.
    if (this.#outstanding.has(message.id) || this.#parking.has(message.id)) return 'later';
    const consumer = this.#strategy.choose(message);
    if (consumer === 'full' || consumer === 'later') return consumer;
    const dueAt = now + this.#settings.messageTimeout;
    const late = message.place !== undefined && message.place < this.#highestSent;
    if (late) this.#lateCount += 1;
    this.#highestSent = Math.max(this.#highestSent, message.place ?? -1);
    this.#outstanding.set(message.id, { message, consumer, dueAt, late });
    consumer.inFlight.add(message.id);
    consumer.totalItems += 1;
    this.#totalItems += 1;
    if (!this.#effects.deliver(consumer, message)) consumer.ready = false;
    return 'sent';
  }

  #release(id: string): void {
    const outstanding = this.#outstanding.get(id);
    if (outstanding === undefined) return;
    this.#outstanding.delete(id);
    if (outstanding.late) this.#lateCount -= 1;
    outstanding.consumer.inFlight.delete(id);
    this.#strategy.released(outstanding.message, outstanding.consumer);
  }

  #retryOrPark(message: Message): void {
    if (message.retries < this.#settings.maxRetryCount) this.#retryLater(message);
    else this.#park(message, `Reached retry count of ${this.#settings.maxRetryCount}`);
  }

  #retryLater(message: Message): void {
    this.#release(message.id);
    message.retries += 1;
    const { place } = message;
    // Retries go out in the order of the log, parked messages after them.
    const later =
      place === undefined ? -1 : this.#retry.findIndex((other) => other.place !== undefined && other.place > place);
    if (later === -1) this.#retry.push(message);
    else this.#retry.splice(later, 0, message);
  }

  #park(message: Message, reason: string): void {
    this.#release(message.id);
    this.#parking.set(message.id, message);
    this.#effects.park(message, reason);
  }

  #markCheckpoint(now: number, byTime: boolean): void {
    const { checkPointAfter, minCheckPointCount, maxCheckPointCount } = this.#settings;
    const done = this.#doneTo() - this.#checkpoint;
    if (done <= 0) return;
    const due = byTime && checkPointAfter > 0 && now - this.#checkpointedAt >= checkPointAfter;
    if (done < maxCheckPointCount && !(due && done >= minCheckPointCount)) return;
    this.#checkpointedAt = now;
    this.#checkpoint += done;
    this.#effects.saveCheckpoint(this.#checkpoint);
  }

  #doneTo(): number {
    let first = this.#buffer[this.#head]?.place ?? Infinity;
    for (const { message } of this.#outstanding.values()) {
      first = Math.min(first, message.place ?? Infinity);
      if (this.#lateCount === 0 && message.place !== undefined) break; // the rest was sent in order
    }
    for (const message of this.#parking.values()) first = Math.min(first, message.place ?? Infinity);
    for (const message of this.#retry) first = Math.min(first, message.place ?? Infinity);
    return Math.min(first - 1, this.#scannedTo);
  }

  #compact(): void {
    this.#buffer.splice(0, this.#head);
    this.#head = 0;
  }
}
