// Package domain is the vocabulary of election logistics that every phase shares: region codes, box ids, acts, rules, findings.
//
// Everything below domain/ is pure: no I/O, no clock, no randomness, no context. A phase ("room") is a package under it with its
// commands, events, state and rules; package ledger composes the rooms into the ledger of one work unit.
//
// # One idea: findings are a function of the facts
//
// A ledger is told facts, often late and out of order (a phone was offline). A room keeps them per subject (a box, a shipment, a
// delivery, ...) sorted by the time they occurred, and [Book.Findings] says what is wrong with a subject as a pure function of the facts
// known so far. To decide an act, the ledger folds the act's event in and compares the findings of the touched subjects before and after:
//
//   - a new finding in mode request whose rule rejects: the event is taken back and the command is rejected;
//   - any other new finding: an event discrepancy.raised;
//   - a finding that vanished, because a predecessor arrived late: an event discrepancy.explained.
//
// So after all devices have sent everything, the open discrepancies are the same in whatever order the reports came.
package domain
