package httpapi

import "time"

// Hurry lets a server wait for a short time only, before it serves.
func (s *Server) Hurry(d time.Duration) {
	s.patience = patience{header: d, read: d, write: d + 10*time.Second, line: d, position: d, heartbeat: d}
}
