const MOST_LISTED = 1000;
export function note(findings, difference, isRepaired) {
    findings.differences += 1;
    if (isRepaired)
        findings.repaired += 1;
    if (findings.listed.length < MOST_LISTED)
        findings.listed.push(difference);
}
/** Which of `parts` an id belongs to (FNV-1a). */
export function partOf(id, parts) {
    let hash = 2_166_136_261;
    for (let index = 0; index < id.length; index += 1)
        hash = Math.imul(hash ^ id.charCodeAt(index), 16_777_619);
    return (hash >>> 0) % parts;
}
