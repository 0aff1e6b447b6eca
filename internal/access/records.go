package access

import (
	"encoding/json"
	"strings"

	"jejak/domain"
)

// OfNoUnit tells whether a view from a scope shows a record that is in no unit's ledger. The definition of an election (its regions, stations, norms,
// designs) is for all who read records. Changes of accounts are shown where every account in the record lies inside the scope. What else there is
// concerns the whole server: it is for those who see the province.
func OfNoUnit(v View, scope, recordType string, data []byte) bool {
	room, _, _ := strings.Cut(recordType, ".")
	switch {
	case v == Nothing:
		return false
	case v == All, room == "election":
		return true
	case room == "account":
		var accounts struct {
			Users []struct {
				Role  domain.Role `json:"role"`
				Scope string      `json:"scope"`
			} `json:"users"`
		}
		if json.Unmarshal(data, &accounts) != nil {
			return false
		}
		for _, u := range accounts.Users {
			if !Allows(v, scope, AccountPlace(u.Role, u.Scope)) {
				return false
			}
		}
		return true
	}
	return domain.Code(scope).Level() == domain.Province
}

// AccountPlace is the region that an account belongs to: a police unit's is in its name.
func AccountPlace(role domain.Role, scope string) domain.Code {
	if role == domain.RoleEscort && len(scope) == len("P3578A") {
		return domain.Code(scope[1:5])
	}
	return domain.Code(scope)
}
