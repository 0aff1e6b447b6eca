package receipt

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/goods"
)

// claimBook finds what is wrong with claims and their settlement.
type claimBook struct{ s *State }

func (b claimBook) Save(id string) (restore func()) { return b.s.Claims.Save(id) }

func (b claimBook) Findings(id string) []domain.Finding {
	c := b.s.Claims[id]
	if c == nil {
		return nil
	}
	var findings []domain.Finding
	for i, f := range c.Filed {
		if i > 0 {
			findings = append(findings, domain.Finding{Key: RuleClaimExists.ID + "|" + id + "|" + f.Key(), Rule: RuleClaimExists,
				Units: []string{id}, Path: "/data/claim", Args: []any{id}, Proof: []domain.Ref{c.Filed[0].Ref, f.Ref}})
		}
	}
	for _, s := range c.Settled {
		if len(c.Filed) == 0 {
			findings = append(findings, domain.Finding{Key: RuleClaimUnknown.ID + "|" + id + "|" + s.Key(), Rule: RuleClaimUnknown,
				Units: []string{id}, Provisional: true, Path: "/data/claim", Args: []any{id}, Proof: []domain.Ref{s.Ref}})
		}
		if absent := s.absent(); len(absent) > 0 {
			findings = append(findings, domain.Finding{Key: RuleClaimWitnesses.ID + "|" + id + "|" + s.Key(), Rule: RuleClaimWitnesses,
				Units: []string{id}, Path: "/data/witnesses", Args: []any{id, strings.Join(absent, ", ")}, Proof: []domain.Ref{s.Ref}})
		}
	}
	return append(findings, settledOver(id, c)...)
}

// absent are the roles of which no witness was there.
func (s Settlement) absent() []string {
	var absent []string
	for _, role := range []string{WitnessSupervisor, WitnessPolice} {
		if !slices.ContainsFunc(s.Witnesses, func(w Witness) bool { return w.Role == role }) {
			absent = append(absent, role)
		}
	}
	return absent
}

func settledOver(id string, c *Claim) []domain.Finding {
	if len(c.Filed) == 0 {
		return nil
	}
	claimed := map[goods.Item]int64{}
	for _, l := range c.Filed[0].Lines {
		claimed[l.Item] = l.Quantity
	}
	var findings []domain.Finding
	for _, l := range c.settledLines() {
		if l.Quantity > claimed[l.Item] {
			findings = append(findings, aboutLine(RuleClaimOver, id, l.Item, l.Quantity-claimed[l.Item], "", []domain.Ref{c.Filed[0].Ref},
				l.Quantity, claimed[l.Item]))
		}
	}
	return findings
}
