// Stands for the writing parts of the store where roles are used for reading alone.

import { StoreUnavailable } from '../../port.ts';

const refuse = (): Promise<never> => Promise.reject(new StoreUnavailable('a command only reads the database'));

export const READ_ONLY = {
  leads: () => false,
  ...{ write: refuse, writeAsLeader: refuse, all: refuse, beat: refuse, mutate: refuse, mutateAll: refuse },
  ...{ verifyRoom: refuse, upkeep: refuse },
};
