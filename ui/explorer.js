// GraphiQL against the endpoint that served this page. Everything is bundled: the page works without a network.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './explorer.css';

import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';

const endpoint = new URL('/graphql', window.location.href).href;

// A header beside the content type makes the request one that no foreign page can send (CSRF).
async function fetcher(params, options = {}) {
  const headers = { ...options.headers };
  // The form that waits for a token is no token: what is open to everybody, the schema first, must still load.
  if (/^\s*Bearer\s*$/i.test(headers.authorization ?? '')) delete headers.authorization;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      'graphql-client-name': 'explorer',
      ...headers,
    },
    body: JSON.stringify(params),
  });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The answer is no JSON (status ${answer.status}): ${text.slice(0, 200)}` }] };
  }
}

const greeting = `# The bearer token goes into the Headers tab below:
#   { "authorization": "Bearer <token>" }
# Ctrl-Space completes, Ctrl-Enter runs.

query First {
  __typename
}
`;

createRoot(document.getElementById('explorer')).render(
  createElement(GraphiQL, {
    fetcher,
    defaultQuery: greeting,
    defaultHeaders: '{\n  "authorization": "Bearer "\n}',
    defaultEditorToolsVisibility: 'headers',
    // A token kept in the browser's storage would outlive the visit.
    shouldPersistHeaders: false,
  }),
);
