package simulation

import "time"

// claimOf are the lines that a delivery's supplier owes.
func claimOf(v *delivery) (owed []counted) {
	for _, c := range v.lines {
		if c.back = c.damaged + c.missing + c.sortedOut; c.back > 0 {
			owed = append(owed, c)
		}
	}
	return owed
}

func (s *stage) fileClaim(v *delivery, owed []counted, at time.Time) {
	v.claim = "CLM-" + v.id[4:]
	s.do(s.storekeeper(1), report, "receipt.file_claim", at, plain, func(l *line) {
		l.str("claim", v.claim).str("delivery", v.id).str("reason", "rusak atau kurang").list("lines")
		owedLines(l, owed)
	})
	for _, c := range owed {
		s.item(c.item).claimed += c.back
	}
}

func owedLines(l *line, owed []counted) {
	for _, c := range owed {
		l.object("").str("item", c.item)
		if c.variant != "" {
			l.str("variant", c.variant)
		}
		l.num("quantity", c.back).close('}')
	}
	l.close(']')
}

// settle collects what the supplier replaced; without Bawaslu and police it is refused.
func (s *stage) settle(v *delivery, owed []counted, at time.Time) {
	for _, witnessed := range []bool{false, true} {
		w := plain
		if !witnessed {
			w = refused("claim_without_witnesses")
		}
		s.do(s.storekeeper(1), request, "receipt.settle_claim", at, w, func(l *line) {
			l.str("claim", v.claim).list("lines")
			owedLines(l, owed)
			l.list("witnesses")
			if witnessed {
				l.object("").str("role", "supervisor").str("id", s.supervisor.id()).close('}')
				l.object("").str("role", "police").str("id", s.escorts[0].id()).close('}')
			}
			l.close(']').str("document", "BA-"+v.claim[4:])
		})
	}
}

func fileGoodsClaims(s *stage) {
	for n, v := range s.deliveries {
		if owed := claimOf(v); len(owed) > 0 {
			s.fileClaim(v, owed, s.part(n, 20))
		}
	}
}

func settleGoodsClaims(s *stage) {
	for n, v := range s.deliveries {
		owed := claimOf(v)
		if len(owed) == 0 {
			continue
		}
		s.settle(v, owed, s.part(n, 20))
		// What was replaced is worth its money too.
		value := min(v.lines[0].good+owed[0].back, v.order.amount) * v.order.goods.price
		s.budget.accepted += value - v.order.value
		v.order.value = value
	}
}
