/** RFC 3339 in UTC with whole seconds: the one spelling of an instant on the wire. */
export const rfc3339 = (instant: Date): string => instant.toISOString().replace(/\.\d{3}Z$/, "Z");
