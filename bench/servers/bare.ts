// The ceiling: a bare Hono handler that parses the body and echoes it, on the same adapter as the receiver.

import { Hono } from 'hono';
import { serve } from './serve.ts';

const app = new Hono();
app.post('*', async (c) => c.json(await c.req.json()));
await serve(app);
