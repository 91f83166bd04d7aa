import { problems, sendProblem } from "../problems.js";
/** Answers an unknown path 404, and a known one under another method 405 with `Allow` (RFC 9110 §15.5.6). */
export function registerNotFound(app) {
    const methods = new Map();
    app.addHook('onRoute', ({ url, method }) => {
        const known = methods.get(url) ?? new Set();
        for (const name of [method].flat())
            known.add(name);
        methods.set(url, known);
    });
    app.setNotFoundHandler((request, reply) => {
        const path = request.url.split('?', 1)[0] ?? '';
        const allowed = new Set([...methods].filter(([url]) => matches(url, path)).flatMap(([, names]) => [...names]));
        if (allowed.size === 0)
            return sendProblem(request, reply, problems.notFound(`There is nothing at ${path}`));
        const allow = [...allowed].sort().join(', ');
        void reply.header('allow', allow);
        return sendProblem(request, reply, problems.methodNotAllowed(`${request.method} is not offered here, but ${allow}`));
    });
}
function matches(url, path) {
    const wanted = url.split('/');
    const given = path.split('/');
    const isOpen = wanted.at(-1) === '*';
    if (isOpen ? given.length < wanted.length : given.length !== wanted.length)
        return false;
    return wanted.every((part, index) => part === '*' || (part.startsWith(':') ? given[index] !== '' : part === given[index]));
}
