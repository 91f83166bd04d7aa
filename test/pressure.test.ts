import type { EventLoopUtilization } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { createPressure } from '../src/http/server/pressure.ts';

/** An event loop that works so much of the time. */
function loopAt(utilization: number): () => EventLoopUtilization {
  return () => ({ active: utilization * 1000, idle: (1 - utilization) * 1000, utilization });
}

function pressureWith(requests: number, utilization: number) {
  const pressure = createPressure(loopAt(utilization));
  for (let request = 0; request < requests; request += 1) pressure.requestBegins();
  return pressure;
}

describe('the pressure of requests', () => {
  test('many of them, on a busy event loop, is high', () => {
    expect(pressureWith(20, 0.99).isHigh()).toBe(true);
  });

  test('many of them, on an event loop that waits for a store, is not', () => {
    expect(pressureWith(20, 0.3).isHigh()).toBe(false);
  });

  test('few of them, on a busy event loop, is not', () => {
    expect(pressureWith(2, 0.99).isHigh()).toBe(false);
  });

  test('many of them, once they have ended, sinks at the next look', () => {
    const pressure = pressureWith(20, 0.99);
    for (let request = 0; request < 20; request += 1) pressure.requestEnds();
    expect(pressure.isHigh()).toBe(true);
    expect(pressure.isHigh()).toBe(false);
    expect(pressure.requests).toBe(0);
  });

  test('one after another, however many, is not', () => {
    const pressure = createPressure(loopAt(0.99));
    for (let request = 0; request < 100; request += 1) {
      pressure.requestBegins();
      pressure.requestEnds();
    }
    expect(pressure.isHigh()).toBe(false);
  });

  test('one that waits for a read model, among many, keeps it down until it ends, even by failing', async () => {
    const pressure = pressureWith(20, 0.99);
    let fail: (reason: Error) => void = () => undefined;
    const waiting = pressure.awaitingReadModel(() => new Promise((_, reject) => (fail = reject)));
    expect(pressure.isHigh()).toBe(false);
    fail(new Error('not in time'));
    await expect(waiting).rejects.toThrow('not in time');
    expect(pressure.isHigh()).toBe(true);
  });
});
