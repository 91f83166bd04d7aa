/** Keeps the screen on while the page is seen, where the device lets it. @returns ends it */
export function keepAwake(): () => void {
  let lock: Promise<WakeLockSentinel | undefined> | undefined;
  // It is lost whenever the page is hidden.
  const look = () => {
    if (document.visibilityState === 'visible') lock = ask();
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    void lock?.then((held) => held?.release());
  };
}

async function ask(): Promise<WakeLockSentinel | undefined> {
  if (!('wakeLock' in navigator)) return undefined;
  try {
    return await navigator.wakeLock.request('screen');
  } catch {
    // The battery is low, or it is forbidden: the screen does as the device is set.
    return undefined;
  }
}
