package simulation

import (
	"fmt"
	"strconv"
	"strings"
)

// The discrepancies of stage I are raised one after the other, so their numbers are known: the operator follows them up when the supplier has
// replaced what was damaged or missing.

// numbered is the id of the n-th discrepancy of the regency, from 0.
func (s *stage) numbered(n int) string { return fmt.Sprintf("DSC-%s-%06d", s.code, n+1) }

// followUp resolves the first discrepancy, and has a closer look at the second.
func followUp(s *stage) {
	for n, f := range s.raised[:min(len(s.raised), 2)] {
		kind, quantity, units := parts(f)
		s.do(&s.operator, request, "incident.order_action", s.part(10*n, 30), plain, func(l *line) {
			l.str("incident", s.numbered(n)).str("action", "klaim kepada penyedia")
		})
		if n == 1 {
			s.do(&s.operator, request, "incident.assess", s.part(10*n+2, 30), plain, func(l *line) {
				l.str("incident", s.numbered(n)).num("quantity", quantity+3).str("note", "dihitung ulang: tiga lebih banyak")
			})
			s.forget(f)
			s.raised[n] = finding(kind, quantity+3, units...)
			s.findings[s.raised[n]]++
			f = s.raised[n]
		}
		s.do(&s.operator, request, "incident.resolve", s.part(10*n+4, 30), plain, func(l *line) {
			l.str("incident", s.numbered(n)).str("how", "diganti atau dicatat").str("document", "BA-SELISIH-"+s.code)
		})
		if n == 0 {
			s.do(&s.operator, request, "incident.resolve", s.part(10*n+6, 30), refused("incident_not_open"), func(l *line) {
				l.str("incident", s.numbered(n)).str("how", "lagi")
			})
		}
		s.forget(f)
	}
}

// lookAgain opens the second one again: it stays open.
func lookAgain(s *stage) {
	if len(s.raised) < 2 {
		return
	}
	s.do(&s.supervisor, report, "incident.reopen", s.part(1, 3), either, func(l *line) {
		l.str("incident", s.numbered(1)).str("reason", "berita acara tidak ditandatangani")
	})
	s.findings[s.raised[1]]++
}

// forget takes an expected discrepancy back: it is resolved.
func (s *stage) forget(f string) {
	if s.findings[f]--; s.findings[f] == 0 {
		delete(s.findings, f)
	}
}

// parts undoes finding.
func parts(f string) (kind string, quantity int64, units []string) {
	p := strings.SplitN(f, "|", 3)
	quantity, _ = strconv.ParseInt(p[1], 10, 64) // written by finding
	return p[0], quantity, strings.Split(p[2], ",")
}

// oddStorage: Bawaslu finds ballots unpacked in an office hall.
func oddStorage(s *stage) {
	v := s.printed[1].deliveries[0]
	if s.regency != s.world.first && !chance(key(s.seed, "hall", s.code), 30) {
		return
	}
	s.do(&s.supervisor, report, "incident.raise", s.part(1, 3), flawed, func(l *line) {
		l.str("kind", "unofficial_storage").str("severity", "medium").strs("units", v.id).str("note", "surat suara dibuka di aula kantor")
	})
	s.expect("unofficial_storage", 0, v.id)
}
