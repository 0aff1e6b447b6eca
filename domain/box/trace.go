package box

import "jejak/domain"

// Trace is the box as it was right after each of its Facts, in their order. That its vehicle left between two of them shows in the later one.
func (b *Book) Trace(id domain.BoxID) []View {
	r := b.Register
	number, ok := r.Number(id)
	if !ok {
		return nil
	}
	facts := r.Boxes[number].Facts
	w := walker{Book: b, id: id, number: number, kit: r.isKit(number), presumed: b.Unit}
	views := make([]View, len(facts))
	for i := range facts {
		w.step1(&facts[i])
		views[i] = View{ID: id, State: w.state(), Custody: domain.Code(r.Texts.Text(w.custody))}
		if views[i].Custody == "" {
			views[i].Custody = b.Unit
		}
	}
	return views
}
