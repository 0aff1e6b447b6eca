// Package receipt is the room of the warehouse's door: goods are counted when they arrive, ballots are sorted carton by carton, what is
// broken or lacking is claimed from the supplier, and the stock says what may be packed.
//
// Everything here has happened when it is told, so there are no decisions: every rule is a finding, and mode request only asks whether it
// would be one. What was announced, counted, sorted and accepted of a delivery is one record, kept by package procurement; this room owns
// its findings.
//
// # Stock
//
// Goods are the supplier's until the delivery is accepted; only then do they count as available. Of ballots (item "ballot") only what was
// sorted and found good is available, of everything else what was counted good. To both comes what the supplier replaced in settlement of a
// claim. Rooms that use goods up tell it through [Issuer] and list [StockSubject] in their Plan's Touched; whether there was enough is a
// finding of the stock.
package receipt
