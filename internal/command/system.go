package command

import "jejak/domain"

// System is the actor of what the program does by itself: policies and the clock. scope is the unit that it acts in.
func System(scope domain.Code) domain.Actor {
	return domain.Actor{ID: "system", Role: domain.RoleSystem, Scope: string(scope)}
}
