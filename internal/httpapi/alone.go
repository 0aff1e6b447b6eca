package httpapi

import (
	"context"
	"net/http"

	"jejak/domain"
	"jejak/internal/people"
)

// Alone is the reading half of the API for one who has the data directory itself, and so everything in it: nobody is asked for a token, and who asks is
// taken for an auditor of the whole province.
func (s *Server) Alone(province string) http.Handler {
	auditor := people.User{ID: "alone", Role: domain.RoleAuditor, Scope: province}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writeProblem(w, methodNotAllowed(r.Method, http.MethodGet))
			return
		}
		s.route().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, auditor)))
	})
}
