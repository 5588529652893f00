// Rows of the table `heartbeat` in both stores: the newest time of a receiver, and the last step of the clock that moved due times.

export const NEWEST = 1;
export const STEP_FROM = 2;
export const STEP_TO = 3;
