import { unknownEvent } from "./events.js";
/** @throws TypeError when the events are in an order that no customer can have */
export function evolveCustomer(state, event) {
    const { name, email, phone = null } = event.data;
    switch (event.type) {
        case 'CustomerRegistered': {
            if (state !== undefined)
                throw new TypeError('CustomerRegistered can only be the first event of a customer');
            const { customerId, registeredAt } = event.data;
            return { id: customerId, name, email, phone, registeredAt, lastUpdated: registeredAt };
        }
        case 'CustomerDetailsChanged':
            if (state === undefined)
                throw new TypeError('CustomerDetailsChanged cannot be the first event of a customer');
            return { ...state, name, email, phone, lastUpdated: event.data.changedAt };
        default:
            return unknownEvent(event);
    }
}
/** Registers the customer or changes the details; the present details again raise nothing. */
export function setCustomerDetails(state, customerId, details, at) {
    if (state === undefined)
        return [{ type: 'CustomerRegistered', data: { customerId, ...details, registeredAt: at } }];
    const isSame = state.name === details.name && state.email === details.email && state.phone === (details.phone ?? null);
    return isSame ? [] : [{ type: 'CustomerDetailsChanged', data: { customerId, ...details, changedAt: at } }];
}
