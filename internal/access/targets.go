package access

import (
	"fmt"
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/polling"
	"jejak/domain/shipment"
	"jejak/domain/supporting"
	"jejak/internal/api"
)

// targets judges the things that a command names.
func targets(actor domain.Actor, relation Relation, unit domain.Code, cmd domain.Command) *api.Problem {
	switch c := cmd.(type) {
	case *approval.Give:
		return entitled(actor, unit, c.Purpose)
	case *approval.Refuse:
		return entitled(actor, unit, c.Purpose)
	}
	if v, ok := cmd.(*supporting.VerifyData); ok && v.Level == supporting.LevelProvince && (above[actor.Role] == No || domain.Code(actor.Scope).Level() != domain.Province) {
		return problem("role_not_allowed", "/data/level",
			"verifikasi tingkat provinsi hanya oleh provinsi", "only the province verifies on its level",
			"minta provinsi memverifikasi", "ask the province to verify")
	}
	if relation != Place {
		return nil
	}
	scope := domain.Code(actor.Scope)
	switch c := cmd.(type) {
	case *shipment.Plan:
		if !scope.Covers(c.From) {
			return outside("/data/from", string(c.From), actor.Scope)
		}
	case *handoff.Offer:
		// Down to a place inside the scope, or back up to one that the scope lies in.
		if !scope.Covers(c.To) && !c.To.Covers(scope) {
			return outside("/data/to", string(c.To), actor.Scope)
		}
	}
	for _, n := range named(cmd) {
		if !scope.Covers(n.place) {
			return outside(n.path, string(n.place), actor.Scope)
		}
	}
	return nil
}

// entitled judges who approves for a purpose. What is no purpose is for the command's form.
func entitled(actor domain.Actor, unit domain.Code, purpose approval.Purpose) *api.Problem {
	if !slices.Contains(approval.Purposes(), purpose) || approval.Entitled(purpose, actor, unit) {
		return nil
	}
	return problem("not_entitled", "/data/purpose",
		fmt.Sprintf("peran %s tidak berwenang menyetujui %s", actor.Role, purpose), fmt.Sprintf("role %s may not approve %s", actor.Role, purpose),
		"minta salah satu dari: "+purpose.Who(), "ask one of these roles: "+purpose.Who())
}

type namedPlace struct {
	path  string
	place domain.Code
}

// named are the places that a committee's count or incident is about. What a committee accepts is not among them: a box for somewhere else
// that arrives here must be recorded.
func named(cmd domain.Command) []namedPlace {
	var places []namedPlace
	switch c := cmd.(type) {
	case *polling.CountBallots:
		places = append(places, namedPlace{"/data/box", c.Box.Destination()})
	case *incident.Raise:
		for i, unit := range c.Units {
			path := "/data/units" + domain.Index(i)
			if id, err := domain.ParseBoxID(unit); err == nil {
				places = append(places, namedPlace{path, id.Destination()})
			} else if code, err := domain.ParseCode(unit); err == nil {
				places = append(places, namedPlace{path, code})
			}
		}
	}
	return places
}
