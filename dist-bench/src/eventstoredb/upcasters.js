/** What an event of before `customerEmail` existed says for it; no read model takes it for an address. */
export const UNKNOWN_EMAIL = 'unknown@example.com';
/** By event type, the upcasters from version 1 on: the one at index n − 1 leads from version n to n + 1. */
export const upcasters = {
    PizzaOrderPlaced: [
        {
            description: `adds customerEmail, "${UNKNOWN_EMAIL}" where none was recorded`,
            lift: (data) => ({ customerEmail: UNKNOWN_EMAIL, ...data }),
        },
    ],
};
