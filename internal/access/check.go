package access

import (
	"fmt"

	"jejak/domain"
	"jejak/internal/api"
)

// Command says whether an actor may send a command to a unit's ledger, nil for yes. It judges what the command itself shows; the rest, which
// the ledger must know, is Guard's.
func Command(actor domain.Actor, unit domain.Code, cmd domain.Command) *api.Problem {
	relation := commandTable[cmd.CommandType()][actor.Role]
	if relation == No || relation == Nobody {
		return problem("role_not_allowed", "/type",
			fmt.Sprintf("peran %s tidak boleh mengirim %s", actor.Role, cmd.CommandType()),
			fmt.Sprintf("role %s may not send %s", actor.Role, cmd.CommandType()),
			"minta orang dengan peran yang berwenang: "+who(cmd.CommandType()), "ask somebody with one of these roles: "+who(cmd.CommandType()))
	}
	if !reaches(relation, actor.Scope, unit) {
		return problem("unit_not_allowed", "/unit",
			fmt.Sprintf("wilayah kerja Anda %s, bukan satker %s", actor.Scope, unit),
			fmt.Sprintf("your scope is %s, not unit %s", actor.Scope, unit),
			"kirim untuk satker Anda sendiri", "send for your own unit")
	}
	return targets(actor, relation, unit, cmd)
}

// reaches tells whether a scope reaches a unit's ledger.
func reaches(r Relation, scope string, unit domain.Code) bool {
	code := domain.Code(scope)
	switch r {
	case Own:
		return code == unit
	case Inside:
		// A supervisor may serve a district or village: his regency's ledger is his.
		return code.Covers(unit) || code.Up(domain.Regency) == unit
	case Above:
		return code.Level() == domain.Province && code.Covers(unit)
	case Place:
		return code.Up(domain.Regency) == unit
	case Escorted:
		return true
	case No, Nobody:
		return false
	}
	return false
}

func who(commandType string) string {
	text := ""
	for _, role := range Roles() {
		if commandTable[commandType][role] != No {
			if text != "" {
				text += ", "
			}
			text += string(role)
		}
	}
	if text == "" {
		return "-"
	}
	return text
}

func outside(path, what, scope string) *api.Problem {
	return problem("place_not_allowed", path,
		fmt.Sprintf("%s di luar wilayah kerja Anda %s", what, scope), fmt.Sprintf("%s is outside your scope %s", what, scope),
		"kirim hanya untuk wilayah Anda sendiri", "send for your own area only")
}

func problem(rule, path, message, messageEN, remedy, remedyEN string) *api.Problem {
	return &api.Problem{Rule: rule, Path: path, Message: message, MessageEN: messageEN, Remedy: remedy, RemedyEN: remedyEN}
}
