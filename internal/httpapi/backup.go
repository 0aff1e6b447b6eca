package httpapi

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/internal/access"
)

// postBackup streams a backup. It has the names of people and what their tokens are judged by, of the whole province: it is for its admin, on the machine
// itself, and one at a time.
func (s *Server) postBackup(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	denied := access.Read(user.Actor(), access.Backup, domain.Code(user.Scope).Up(domain.Province))
	if denied == nil && !onThisMachine(r) {
		p := one("not_local", "", "cadangan hanya dapat diambil di mesin server itu sendiri", "a backup can be taken on the server's own machine only",
			"jalankan jejak backup di sana", "run jejak backup there")
		denied = &p
	}
	if denied != nil {
		s.denied(r, user, denied, "take a backup", "")
		writeProblem(w, forbidden(*denied))
		return
	}
	if s.cfg.Backup == nil || !s.backing.TryLock() {
		writeProblem(w, unavailable("backup_running", "cadangan lain sedang dibuat", "another backup is being taken"))
		return
	}
	defer s.backing.Unlock()
	s.cfg.Telemetry.Security.Info("backup taken", "by", user.ID, "from", s.from(r))
	out := &patientWriter{w: w, ctl: http.NewResponseController(w), wait: s.patience.write}
	w.Header().Set("Content-Type", "application/zstd")
	w.Header().Set("Cache-Control", "no-store")
	err := s.cfg.Backup(r.Context(), out)
	if err == nil {
		return
	}
	s.cfg.Telemetry.Log.Error("backup failed", "user", user.ID, "cause", err)
	if out.began {
		panic(http.ErrAbortHandler) // half a backup must not look like a whole one
	}
	writeProblem(w, s.notKept(err, "cadangan tidak dapat dibuat sekarang: lihat log server", "no backup can be taken at present: the server's log says why"))
}

// onThisMachine tells whether a request comes from the machine itself and not through a proxy on it.
func onThisMachine(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	return addrOf(r.RemoteAddr).IsLoopback()
}

// patientWriter gives every piece its own time to be taken.
type patientWriter struct {
	w     io.Writer
	ctl   *http.ResponseController
	wait  time.Duration
	began bool
}

func (p *patientWriter) Write(b []byte) (int, error) {
	p.began = true
	_ = p.ctl.SetWriteDeadline(time.Now().Add(p.wait)) // a recorder in a test has none
	return p.w.Write(b)
}

func (s *Server) describeBackup() *huma.Operation {
	return &huma.Operation{
		OperationID: "take-backup", Method: http.MethodPost, Path: "/v1/backup", Summary: "A backup of the whole data directory, as jejak backup keeps it", Tags: []string{"server"},
		Description: "Only on the server's own machine, and one at a time. What is there when it begins is in it; commands go on. It is as secret as the data directory. " +
			"Keep it only when the body came to its end: jejak backup check tells.",
		Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "The backup.", Content: map[string]*huma.MediaType{
			"application/zstd": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}}, "401", "403", "503"),
	}
}
