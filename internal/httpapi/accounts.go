package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/people"
)

const (
	maxUser  = 16 << 10
	maxUsers = 64 << 20 // an import of all crews of a province is some 30 MB
	// maxProblems is the most lines of an import that are listed as malformed: millions of them would fill the memory.
	maxProblems = 1000
)

// postUsers makes one account, or with NDJSON many: all or none.
func (s *Server) postUsers(w http.ResponseWriter, r *http.Request) {
	kind, ok := bodyKind(r)
	if !ok {
		endBody(w, r, mediaType(r.Header.Get("Content-Type")))
		return
	}
	user := userOf(r.Context())
	if denied := access.Read(user.Actor(), access.Accounts); denied != nil {
		s.denied(r, user, denied, "add users", "")
		endBody(w, r, forbidden(*denied))
		return
	}
	body, p := plainBody(r)
	if p != nil {
		endBody(w, r, p)
		return
	}
	limit := maxUser
	if kind == lines {
		limit = maxUsers
		ctl := http.NewResponseController(w)
		deadline := time.Now().Add(5 * time.Minute)
		_ = errors.Join(ctl.SetReadDeadline(deadline), ctl.SetWriteDeadline(deadline))
	}
	raw, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if err != nil {
		endBody(w, r, unread(err))
		return
	}
	if len(raw) > limit {
		endBody(w, r, tooLarge("permintaan", "the request", limit))
		return
	}
	key, p := importKey(r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	asked, numbers, p := readUsers(raw, kind, s.cfg.Clock.Now())
	if p == nil {
		p = s.checkUsers(user, asked, numbers)
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	added, err := s.cfg.People.AddOnce(r.Context(), key, asked)
	var invalid *people.InvalidError
	var repeated *people.RepeatedError
	switch {
	case errors.As(err, &invalid):
		writeProblem(w, newProblem(http.StatusUnprocessableEntity, accountProblems(invalid.Problems, numbers)...))
		return
	case errors.As(err, &repeated):
		writeProblem(w, newProblem(http.StatusConflict, one("imported_already", "/query/import",
			fmt.Sprintf("daftar ini sudah diimpor pada %s: %d akun dibuat waktu itu", stamp(repeated.At), repeated.Count),
			fmt.Sprintf("this list was imported at %s: %d accounts were made then", stamp(repeated.At), repeated.Count),
			"jika tokennya hilang, cabut akun-akun itu lalu impor dengan kunci lain", "if its tokens were lost, revoke those accounts and import under another key")))
		return
	case err != nil && added == nil:
		s.cfg.Telemetry.Log.Error("users cannot be added", "cause", err)
		writeProblem(w, s.notKept(err, "akun tidak dapat disimpan sekarang", "the accounts cannot be kept at present"))
		return
	case err != nil:
		s.cfg.Telemetry.Log.Error("users were added, but not yet recorded in the log", "cause", err)
	}
	s.cfg.Telemetry.Security.Info("users added", "by", user.ID, "count", len(added), "from", s.from(r))
	writeUsers(w, kind, added, numbers)
}

var importKeyForm = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// importKey is the parameter import of a request, "" for none.
func importKey(r *http.Request) (string, *problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", newProblem(http.StatusUnprocessableEntity, invalidField("parameter", "/query", "parameter tidak terbaca", "the parameters cannot be read"))
	}
	key, given := values["import"]
	switch {
	case !given:
		return "", nil
	case len(key) > 1 || !importKeyForm.MatchString(key[0]):
		return "", newProblem(http.StatusUnprocessableEntity, invalidField("parameter", "/query/import",
			"kunci impor terdiri dari 8 sampai 64 huruf, angka, garis bawah atau tanda hubung", "a key of an import has 8 to 64 letters, digits, underscores or dashes"))
	}
	return key[0], nil
}

// readUsers reads one object or a line each; numbers are the lines, nil for an object. Everything that is wrong is told at once: with the form of lines, and
// with the accounts in the others.
func readUsers(raw []byte, kind bodyForm, now time.Time) (users []people.NewUser, numbers []int, p *problem) {
	var problems []api.Problem
	read := func(text []byte, line int) {
		if len(problems) >= maxProblems {
			return
		}
		var u api.NewUser
		if wrong := command.Problems(envelope.Object(text, &u)); len(wrong) > 0 {
			for i := range wrong {
				wrong[i].Path = linePath(line, strings.TrimPrefix(wrong[i].Path, "/"))
			}
			problems = append(problems, wrong...)
			return
		}
		users = append(users, people.Asked(u))
		if line > 0 {
			numbers = append(numbers, line)
		}
	}
	if kind == object {
		if !json.Valid(raw) {
			return nil, nil, notJSON("it does not parse")
		}
		read(raw, 0)
	} else {
		for line, text := range numberedLines(raw) {
			read(text, line)
		}
	}
	if wrong := people.Problems(users, now); len(wrong) > 0 {
		problems = append(problems, accountProblems(wrong[:min(len(wrong), maxProblems)], numbers)...)
	}
	if len(problems) > 0 {
		return nil, nil, newProblem(http.StatusUnprocessableEntity, problems[:min(len(problems), maxProblems)]...)
	}
	return users, numbers, nil
}

// checkUsers refuses accounts outside the sender's scope, and simulators where nothing is simulated.
func (s *Server) checkUsers(sender people.User, users []people.NewUser, numbers []int) *problem {
	view := access.Sees(sender.Actor(), access.Accounts)
	var problems []api.Problem
	for i, u := range users {
		line := lineOf(numbers, i)
		if u.Role == domain.RoleSimulator && !s.cfg.Clock.Simulated() {
			problems = append(problems, one("real_data", linePath(line, "role"), "data ini bukan simulasi", "this data directory is not simulated",
				"pakai peran lain", "use another role"))
		}
		if _, badScope := access.Scope(u.Role, u.Scope); badScope == "" && !access.Allows(view, sender.Scope, access.AccountPlace(u.Role, u.Scope)) {
			problems = append(problems, one("place_not_allowed", linePath(line, "scope"),
				u.Scope+" di luar wilayah kerja Anda "+sender.Scope, u.Scope+" is outside your scope "+sender.Scope,
				"buat akun untuk wilayah Anda sendiri", "make accounts for your own area"))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return newProblem(http.StatusForbidden, problems...)
}

func accountProblems(wrong []people.Problem, numbers []int) []api.Problem {
	problems := make([]api.Problem, len(wrong))
	for i, p := range wrong {
		problems[i] = invalidField("user", linePath(lineOf(numbers, p.Index), p.Field), "akun salah: "+p.Message, p.Message)
	}
	return problems
}

func lineOf(numbers []int, i int) int {
	if numbers == nil {
		return 0
	}
	return numbers[i]
}

// linePath is the place of a field: below its line in a bulk import.
func linePath(line int, field string) string {
	path := ""
	if line > 0 {
		path = fmt.Sprintf("/line/%d", line)
	}
	if field != "" {
		path += "/" + field
	}
	return path
}

func showUser(u people.User) api.User {
	return api.User{ID: u.ID, Role: string(u.Role), Scope: u.Scope, Party: u.Party, Expires: stamp(u.Expires), Revoked: stamp(u.Revoked)}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func writeUsers(w http.ResponseWriter, kind bodyForm, added []people.Added, numbers []int) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	if kind == lines {
		h.Set("Content-Type", "application/x-ndjson")
	}
	w.WriteHeader(http.StatusCreated)
	enc := json.NewEncoder(w)
	for i, a := range added {
		u := showUser(a.User)
		u.Token, u.Line = a.Token, lineOf(numbers, i)
		if enc.Encode(u) != nil {
			return // the client has gone
		}
	}
}

type userID struct {
	ID string `path:"id"`
}

type userReply struct {
	Body api.User
}

// registerAccounts registers what concerns one account.
func (s *Server) registerAccounts() {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/v1/me", Summary: "Whose token this is", Tags: []string{"accounts"},
		Errors: []int{http.StatusUnauthorized},
	}, func(ctx context.Context, _ *struct{}) (*userReply, error) {
		return &userReply{Body: showUser(userOf(ctx))}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "revoke-user", Method: http.MethodDelete, Path: "/v1/users/{id}", Summary: "Make a token bad from now on",
		Tags: []string{"accounts"}, Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}, s.revokeUser)
	huma.Register(s.api, huma.Operation{
		OperationID: "forget-user", Method: http.MethodPost, Path: "/v1/users/{id}/forget", Summary: "Delete name, telephone number and token of a person for good",
		Description: "The id stays known, as it stands in the log. Asking again does nothing. Backups keep what was in them.",
		Tags:        []string{"accounts"}, Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}, s.forgetUser)
}

type forgottenReply struct {
	Body api.Forgotten
}

func (s *Server) forgetUser(ctx context.Context, in *userID) (*forgottenReply, error) {
	if err := s.mayChange(ctx, in.ID); err != nil {
		return nil, err
	}
	u, already, err := s.cfg.People.Forget(ctx, in.ID)
	var last *people.LastAdminError
	switch {
	case errors.As(err, &last):
		return nil, lastAdmin(last)
	case err != nil:
		s.cfg.Telemetry.Log.Error("user cannot be forgotten", "user", in.ID, "cause", err)
		return nil, retryLater(s.notKept(err, "akun tidak dapat dilupakan sepenuhnya sekarang", "the account cannot be forgotten entirely at present"))
	}
	if !already {
		s.cfg.Telemetry.Security.Info("user forgotten", "user", in.ID, "by", userOf(ctx).ID)
	}
	return &forgottenReply{Body: api.Forgotten{ID: u.ID, Role: string(u.Role), Scope: u.Scope, Forgotten: stamp(u.Forgotten), Already: already}}, nil
}

// lastAdmin is the answer when nobody could give accounts any more.
func lastAdmin(last *people.LastAdminError) error {
	return newProblem(http.StatusConflict, one("last_admin", "", "akun ini admin terakhir untuk wilayah "+last.Scope, last.Error(),
		"buat admin lain dahulu", "make another admin first"))
}

// mayChange tells whether the asker may change an account that is there.
func (s *Server) mayChange(ctx context.Context, id string) error {
	if err := s.may(ctx, access.Accounts); err != nil {
		return err
	}
	u, ok := s.cfg.People.Get(id)
	if !ok {
		return notFound("akun", "user", id, "pakai id yang diberikan saat akun dibuat", "use the id that was given when the account was made")
	}
	return s.may(ctx, access.Accounts, access.AccountPlace(u.Role, u.Scope))
}

func (s *Server) revokeUser(ctx context.Context, in *userID) (*userReply, error) {
	if err := s.mayChange(ctx, in.ID); err != nil {
		return nil, err
	}
	u, err := s.cfg.People.Revoke(ctx, in.ID)
	var last *people.LastAdminError
	if errors.As(err, &last) {
		return nil, lastAdmin(last)
	}
	if err != nil && u.ID == "" {
		s.cfg.Telemetry.Log.Error("user cannot be revoked", "user", in.ID, "cause", err)
		return nil, retryLater(s.notKept(err, "akun tidak dapat dicabut sekarang", "the account cannot be revoked at present"))
	}
	s.cfg.Telemetry.Security.Info("user revoked", "user", in.ID, "by", userOf(ctx).ID)
	return &userReply{Body: showUser(u)}, nil
}
