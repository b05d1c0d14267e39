// Calls the client of the released TypeScript SDK as its argument says, and prints what it returns, or the error.
import { HoneyHive } from "honeyhive";

const client = new HoneyHive({ bearerAuth: process.env.HH_API_KEY, serverURL: process.env.HH_API_URL });
const [sessionId, eventId] = process.argv.slice(3);
const event = { project: "p", source: "ts", eventName: "a", eventType: "tool", config: { c: 1 }, inputs: { a: 1 }, duration: 3.5 };
const modelEvent = { project: "p", model: "m", provider: "o", messages: [], response: {}, duration: 1, usage: {} };
const calls = {
  startSession: () => client.session.startSession({ session: { project: "p", sessionName: "named", source: "ts", sessionId } }),
  getSession: () => client.session.getSession(sessionId),
  createEvent: () => client.events.createEvent({ event: { ...event, sessionId, eventId } }),
  updateEvent: () => client.events.updateEvent({ eventId, metadata: { b: 2 }, outputs: { o: 1 }, duration: 5 }),
  createEventBatch: () => client.events.createEventBatch({ events: [event, { ...event, eventName: "b" }], isSingleSession: true }),
  getEvents: () => client.events.getEvents({ project: "p", filters: [] }),
  createModelEvent: () => client.events.createModelEvent({ modelEvent }),
  createModelEventBatch: () => client.events.createModelEventBatch({ modelEvents: [modelEvent] }),
};
try {
  const { statusCode, ...answer } = await calls[process.argv[2]]();
  console.log(JSON.stringify({ status: statusCode, answer: answer.object ?? answer.event }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message, status: error.statusCode }));
}
