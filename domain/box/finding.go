package box

import (
	"strings"

	"jejak/domain"
)

func (w *walker) differ(rule *domain.Rule, f, proof *Fact, has, want int64) {
	switch {
	case has < want:
		w.find(rule, f, finding{proof: proof, kind: domain.Short, quantity: want - has}, has, want)
	case has > want:
		w.find(rule, f, finding{proof: proof, kind: domain.Over, quantity: has - want}, has, want)
	}
}

// finding is what a find adds to the rule and the box.
type finding struct {
	document    bool // the finding is one per document, not per act
	key         string
	kind        domain.Kind
	quantity    int64
	provisional bool
	proof       *Fact // an earlier fact that it contradicts
}

// find notes that fact f breaks a rule. The rule's texts get the box and then args.
func (w *walker) find(rule *domain.Rule, f *Fact, more finding, args ...any) {
	if w.findings == nil {
		return
	}
	act := &w.Register.Acts[f.Act]
	key := rule.ID + "|" + string(w.id) + "|"
	if more.document {
		key += w.document(f)
	} else {
		key += act.Command.String()
	}
	if more.key != "" {
		key += "|" + more.key
	}
	var proof []domain.Ref
	if more.proof != nil {
		proof = append(proof, w.Register.Acts[more.proof.Act].Ref())
	}
	*w.findings = append(*w.findings, domain.Finding{
		Key: key, Rule: rule, Kind: more.kind, Units: []string{string(w.id)}, Quantity: more.quantity, Provisional: more.provisional,
		Args: append([]any{string(w.id)}, args...), Proof: append(proof, act.Ref()),
	})
}

func (w *walker) document(f *Fact) string {
	return w.Register.Texts.Text(w.Register.Acts[f.Act].Document)
}

func (w *walker) placeOf(f *Fact) domain.Code {
	return domain.Code(w.Register.Texts.Text(w.Register.Acts[f.Act].Place))
}

// regionOf is where the act's actor serves if that is a region, else the unit.
func (w *walker) regionOf(f *Fact) domain.Code {
	if place := w.placeOf(f); place.Level() != domain.None {
		return place
	}
	return w.Unit
}

func listed(seals []string) string { return strings.Join(seals, " ") }
