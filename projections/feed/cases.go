package feed

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/incident"
)

// Case is what the feed knows of an incident or a discrepancy.
type Case struct {
	Kind, Severity, Status string
	Shipments              []string // that it names
	Decided                int64    // when a person last resolved or reopened it, microseconds since 1970; 0 for never
}

// shipmentsIn are the shipments among the units of a case.
func shipmentsIn(units []string) []string {
	var ids []string
	for _, u := range units {
		if strings.HasPrefix(u, "SHP-") && !slices.Contains(ids, u) {
			ids = append(ids, u)
		}
	}
	return ids
}

// with is the case with one more event about it; ok is false for an event that is about no case.
func (c Case) with(r *Record) (next Case, id string, ok bool) {
	occurred := r.Meta.OccurredAt.UnixMicro()
	decide := func(status incident.Status) {
		if occurred >= c.Decided || c.Decided == 0 { // what a person decided earlier and told later changes nothing
			c.Status, c.Decided = string(status), occurred
		}
	}
	switch e := r.Event.(type) {
	case *incident.Raised:
		return Case{string(e.Kind), string(e.Severity), string(incident.StatusOpen), shipmentsIn(e.Units), 0}, e.Discrepancy, true
	case *incident.Revised:
		c.Kind, c.Severity, c.Shipments = string(e.Kind), string(e.Severity), shipmentsIn(e.Units)
		return c, e.Discrepancy, true
	case *incident.Explained:
		c.Status = string(incident.StatusExplained)
		return c, e.Discrepancy, true
	case *incident.Reopened:
		c.Status = string(incident.StatusOpen)
		return c, e.Discrepancy, true
	case *incident.IncidentRaised:
		return Case{string(e.Kind), string(e.Severity), string(incident.StatusOpen), shipmentsIn(e.Units), 0}, e.Incident, true
	case *incident.IncidentAssessed:
		if e.Severity != "" {
			c.Severity = string(e.Severity)
		}
		if len(e.Units) > 0 {
			c.Shipments = shipmentsIn(e.Units)
		}
		return c, e.Incident, true
	case *incident.ActionOrdered:
		return c, e.Incident, true
	case *incident.IncidentResolved:
		decide(incident.StatusResolved)
		return c, e.Incident, true
	case *incident.IncidentReopened:
		decide(incident.StatusOpen)
		return c, e.Incident, true
	}
	return c, "", false
}

// caseOf is the id of the case that an event is about, "" for none.
func caseOf(e domain.Event) string {
	_, id, _ := Case{}.with(&Record{Recorded: domain.Recorded{Event: e}})
	return id
}
