export function toFields({ name, email, phone, registeredAt, lastUpdated }) {
    return { name, email, phone, registeredAt: new Date(registeredAt), lastUpdated: new Date(lastUpdated) };
}
export function toState({ _id, name, email, phone, registeredAt, lastUpdated }) {
    return {
        id: _id,
        name,
        email,
        phone,
        registeredAt: registeredAt.toISOString(),
        lastUpdated: lastUpdated.toISOString(),
    };
}
