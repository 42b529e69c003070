import { Requests } from '../../protocol/messages.js';
import type { Changes } from '../changes/registry.js';
import { forPeople } from '../errors.js';
import type { Rpc } from '../rpc.js';

/** Answers what concerns changes of a host: planning, making, keeping and undoing them. */
export function handleChanges(rpc: Rpc, changes: Changes): void {
  rpc.handle(Requests.fixOffer, async (name, signal) => {
    try {
      return await changes.offer(name, signal);
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.fixPlan, async ({ row, values, ...name }, signal) => {
    try {
      return await changes.plan(name, row, values, signal);
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.fixApply, async ({ target, plan, seconds }, signal) => {
    try {
      return await changes.apply(target, plan, seconds, signal);
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.fixDecide, ({ change, decision }) => changes.decide(change, decision));

  rpc.handle(Requests.changes, async ({ target }) => ({ changes: [...(await changes.list(target))] }));

  rpc.handle(Requests.undoChanges, async ({ target, changes: ids, force }, signal) => {
    try {
      return { results: [...(await changes.undo(target, ids, force, signal))] };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.persistOffer, async ({ target, change }, signal) => {
    try {
      return await changes.persisting.offer(target, change, signal);
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.persistApply, async ({ target, change, edit }, signal) => {
    try {
      return await changes.persisting.apply(target, change, edit, signal);
    } catch (error) {
      throw forPeople(error);
    }
  });
}
