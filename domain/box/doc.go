// Package box is the register of ballot boxes and kits: the facts known about each, in the order in which they occurred, and the register of
// seals.
//
// A box is a chain of facts sorted by time of occurrence, step and command id, never by arrival. What a box is now, who holds it and what is
// wrong with it follow from the chain alone ([Book.Findings]). What a shipment or a handoff says of all its boxes at once (it was dispatched, it
// was offered) is not copied to them but looked up through [Journeys] and [Offers].
//
// A province has 604,594 boxes with some ten facts each. So a fact is 16 bytes and points to the act that many boxes share, and texts are
// stored once and named by number.
package box
