package ledger

// Clone is a ledger of the same events that goes on by itself: what is folded into one of the two is not in the other. It costs a copy of the tables and
// not of what is in them, as rooms replace what they change; those that do not copy it in their own Clone.
func (s *State) Clone() *State {
	c := &State{Election: s.Election, Unit: s.Unit, Data: s.Data, catalog: s.catalog, ref: s.ref}
	c.Register = s.Register.Clone()
	c.Rooms = Rooms{
		Supporting: s.Supporting.Clone(), Need: s.Need, Procurement: s.Procurement.Clone(), Receipt: s.Receipt.Clone(), BoxRegister: s.BoxRegister.Clone(),
		Shipments: s.Shipments.Clone(), Handoffs: s.Handoffs.Clone(), Deadlines: s.Deadlines.Clone(),
		Approvals: s.Approvals.Clone(),
	}
	c.assemble()
	return c
}
