package httpapi

import (
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/people"
)

// decode reads one command of a user. What is wrong with it is in the answer, all at once. The actor is the token's user, whatever the body says.
func (s *Server) decode(raw []byte, user people.User) (command.Command, *api.Answer) {
	parsed, violations := envelope.Parse(raw, s.cfg.Clock.Now())
	if len(violations) > 0 {
		return command.Command{}, &api.Answer{
			ID: parsed.RawID, Result: api.Error, Status: envelope.Status(violations), Errors: command.Problems(violations),
		}
	}
	cmd := parsed.Command
	cmd.Actor = user.Actor()
	return cmd, nil
}
