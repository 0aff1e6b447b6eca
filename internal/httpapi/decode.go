package httpapi

import (
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/people"
)

// decode reads one command of a user. What is wrong with it is in the answer, all at once.
func decode(raw []byte, user people.User) (command.Command, *api.Answer) {
	return command.Command{}, errorAnswer(unavailable("not_built", "belum tersedia", "not built yet"), "")
}
