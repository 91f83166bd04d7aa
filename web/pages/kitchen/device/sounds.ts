import { signal } from '@preact/signals';

export type Sound = 'added' | 'changed' | 'cancelled';

/** Each sound's tones: its pitch in Hz, when it begins, and for how long it sounds, in seconds. */
const TONES: Readonly<Record<Sound, readonly (readonly [hz: number, at: number, seconds: number])[]>> = {
  added: [
    [660, 0, 0.14],
    [880, 0.16, 0.22],
  ],
  changed: [[520, 0, 0.12]],
  cancelled: [
    [440, 0, 0.2],
    [330, 0.22, 0.2],
    [220, 0.44, 0.35],
  ],
};
const LOUDNESS = 0.25;
/** The same is not told again sooner: on a busy evening it would never end. */
const AGAIN_AFTER_MS = 2000;

/** What a kitchen hears. A browser lets a page sound only after somebody has pressed something on it. */
export function createSounds() {
  const isOn = signal(false);
  const playedAt = new Map<Sound, number>();
  let context: AudioContext | undefined;

  return {
    isOn,
    async toggle(): Promise<void> {
      if (isOn.value) {
        await context?.suspend();
        return;
      }
      if (!context) {
        const made = new AudioContext();
        context = made;
        // A telephone call takes the sound away, too.
        made.addEventListener('statechange', () => (isOn.value = made.state === 'running'));
      }
      await context.resume();
      isOn.value = context.state === 'running';
      this.play('added');
    },
    play(sound: Sound): void {
      if (!context || !isOn.value) return;
      const now = performance.now();
      if (now - (playedAt.get(sound) ?? Number.NEGATIVE_INFINITY) < AGAIN_AFTER_MS) return;
      playedAt.set(sound, now);
      for (const tone of TONES[sound]) sing(context, ...tone);
    },
    end(): void {
      void context?.close();
    },
  };
}

function sing(context: AudioContext, hz: number, at: number, seconds: number): void {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  const start = context.currentTime + at;
  oscillator.frequency.value = hz;
  // Without a slope it would click.
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
  gain.gain.linearRampToValueAtTime(0, start + seconds);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds);
}
