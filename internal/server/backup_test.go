package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/backup"
	"jejak/internal/client"
	"jejak/internal/clock"
	"jejak/internal/people"
	"jejak/internal/server"
)

// hangIn begins a backup or a restore and stands still in the middle of it, until the process is killed.
func hangIn(args []string) {
	hang := func() {
		fmt.Println("in the middle")
		select {}
	}
	var err error
	switch args[0] {
	case "backup":
		err = server.BackUp(context.Background(), args[1], args[1], "test", io.Discard, func(_, _ uint64) { hang() })
	case "restore":
		_, err = server.Restore(context.Background(), args[1], args[2], "test", func(server.Restoring, uint64, uint64) { hang() })
	}
	fmt.Fprintln(os.Stderr, "it did not hang:", err)
	os.Exit(1)
}

// killedIn kills a process in the middle of a backup or restore.
func killedIn(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "JEJAK_TEST_HANG="+strings.Join(args, "|"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "in the middle\n" {
		t.Errorf("%s: %q %v", args[0], line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
}

// whole backs up a directory that nobody serves into a file.
func whole(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "backup")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.BackUp(t.Context(), dir, dir, "test", f, nil), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// everything reads the log of a directory that nobody serves.
func everything(t *testing.T, dir string) (all []eventstore.Record) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, server.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for rec, err := range store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

// TestBackupUnderLoad: commands and accounts go on while a running server is backed up; what is restored is the log up to a moment, with everything that was
// answered before the backup began, and the people of that moment.
func TestBackupUnderLoad(t *testing.T) {
	base := t.TempDir()
	dir, name, restored := filepath.Join(base, "data"), filepath.Join(base, "backup"), filepath.Join(base, "restored")
	withReference(t, dir)
	l := &load{token: operatorOf(t, dir), sent: map[uuid.UUID][]byte{}, done: map[uuid.UUID]api.Answer{}}
	c := startChild(t, dir)
	token, err := os.ReadFile(filepath.Join(dir, people.AdminFile))
	if err != nil {
		t.Fatal(err)
	}
	admin := strings.TrimSpace(string(token))
	asks, err := client.New(c.url, client.Options{Patience: -1})
	if err != nil {
		t.Fatal(err)
	}
	before := map[uuid.UUID]bool{}
	var atBegin, during int
	begin, loaded := make(chan bool), make(chan bool)
	go func() {
		defer close(loaded)
		l.run(t, c.url, 16, func(total int) {
			if total == 300 {
				close(begin)
			}
		})
	}()
	accounts := make(chan bool)
	go func() { // accounts are made all the time too
		defer close(accounts)
		for asks.AddUsers(context.Background(), admin, []client.NewUser{{Role: "village", Scope: "3578101001"}}) == nil {
		}
	}()
	<-begin
	l.mu.Lock()
	for id := range l.done {
		before[id] = true
	}
	atBegin = len(l.done)
	l.mu.Unlock()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(asks.BackUp(t.Context(), admin, f), f.Close()); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	during = len(l.done) - atBegin
	l.mu.Unlock()
	// Commands are answered after it too: nothing is held up for good.
	for answered := 0; answered == 0; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		answered = len(l.done) - atBegin - during
		l.mu.Unlock()
	}
	stop(t, c)
	<-loaded
	<-accounts
	t.Logf("%d commands were answered before, %d during the backup", atBegin, during)
	if during == 0 {
		t.Error("no command was answered during the backup")
	}
	list, err := server.Restore(t.Context(), name, restored, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	all, prefix := everything(t, dir), everything(t, restored)
	if len(prefix) == 0 || len(prefix) > len(all) || uint64(len(prefix)) != list.Log.Events {
		t.Fatalf("%d events were restored of %d, the manifest says %d", len(prefix), len(all), list.Log.Events)
	}
	for i, rec := range prefix { // cmp itself takes long for so many
		if diff := ""; !reflect.DeepEqual(all[i], rec) {
			if diff = cmp.Diff(all[i], rec); diff != "" {
				t.Fatalf("restored is not how the log begins (-was +is):\n%s", diff)
			}
		}
	}
	commands := map[uuid.UUID]bool{}
	inLog := map[string]bool{}
	for _, rec := range prefix {
		commands[rec.Command] = true
		if rec.Type == "account.added" {
			var data struct{ Users []struct{ ID string } }
			if err := json.Unmarshal(rec.Data, &data); err != nil {
				t.Fatal(err)
			}
			for _, u := range data.Users {
				inLog[u.ID] = true
			}
		}
	}
	for id := range before {
		if !commands[id] {
			t.Errorf("command %s was answered before the backup began and is not in it", id)
		}
	}
	store, err := people.Open(t.Context(), filepath.Join(restored, server.PeopleFile), people.Options{Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if store.Count() != len(inLog) {
		t.Errorf("%d people, %d accounts in the log", store.Count(), len(inLog))
	}
	for id := range inLog {
		if _, ok := store.Get(id); !ok {
			t.Errorf("%s is in the log and not among the people", id)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "data")
	start(t, server.Config{Dir: dir, NoImport: true}).stop()
	name := whole(t, dir)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var full *server.NotEmptyError
	if _, err := server.Restore(t.Context(), name, dir, "test", nil); !errors.As(err, &full) {
		t.Errorf("into a directory with something in it: %v", err)
	}
	for what, bad := range map[string][]byte{
		"cut off": good[:len(good)/2], "a byte": change(good, len(good)/2), "the manifest": change(good, len(good)-100), "empty": {},
		"a newer format": bytes.Replace(good, []byte("jejak-backup 3"), []byte("jejak-backup 4"), 1),
	} {
		t.Run(what, func(t *testing.T) {
			above := t.TempDir()
			if err := os.WriteFile(filepath.Join(above, "bad"), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := server.Restore(t.Context(), filepath.Join(above, "bad"), filepath.Join(above, "new"), "test", nil); err == nil {
				t.Error("it was restored")
			}
			if left := names(t, above); !slices.Equal(left, []string{"bad"}) {
				t.Errorf("it left %v", left)
			}
		})
	}
	if _, err := server.Restore(t.Context(), name, filepath.Join(base, "deep", "new"), "test", nil); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func change(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// A part that would be written elsewhere than into the directory, or is no file of one, is refused.
func TestRestoreWritesOnlyWhatItKnows(t *testing.T) {
	for _, name := range []string{"../outside", "notary/../../outside", "/etc/outside", "admin.token", "events.db", "people.db-wal", "lock", "notary", "notary/index", `notary\..\x`, "people.db/x"} {
		above := t.TempDir()
		part := filepath.Join(above, "part")
		if err := os.WriteFile(part, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(above, "bad"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Write(t.Context(), f, backup.Source{Kind: "real", Files: []backup.File{{Name: name, Path: part}}}, nil); err != nil {
			t.Fatal(err)
		}
		var damaged *backup.DamagedError
		if _, err := server.Restore(t.Context(), f.Name(), filepath.Join(above, "new"), "test", nil); !errors.As(err, &damaged) {
			t.Errorf("%s: %v", name, err)
		}
		if left := names(t, above); !slices.Equal(left, []string{"bad", "part"}) {
			t.Errorf("%s: it left %v", name, left)
		}
		f.Close()
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "data")
	start(t, server.Config{Dir: dir, NoImport: true}).stop()
	name := whole(t, dir)

	above := filepath.Join(base, "above")
	killedIn(t, "restore", name, filepath.Join(above, "new"))
	left := names(t, above)
	if len(left) != 1 || !strings.HasPrefix(left[0], ".new-restoring-") {
		t.Fatalf("it left %v", left)
	}
	if s, err := server.Open(t.Context(), server.Config{Dir: filepath.Join(above, left[0]), Listen: "127.0.0.1:0", Kind: server.Real}); err == nil {
		t.Errorf("a server takes what a killed restore has left: %v", s.Close())
	}
	if _, err := server.Restore(t.Context(), name, filepath.Join(above, "new"), "test", nil); err != nil {
		t.Errorf("again: %v", err)
	}

	killedIn(t, "backup", dir)
	hasCopies := func() bool {
		return slices.ContainsFunc(names(t, dir), func(n string) bool { return strings.HasPrefix(n, ".backup-") })
	}
	if !hasCopies() {
		t.Fatal("a backup keeps no copies in the directory")
	}
	start(t, server.Config{Dir: dir, NoImport: true}).stop()
	if hasCopies() {
		t.Error("the copies of a killed backup, with people in them, are still there after a start")
	}
}

// The log of such a directory is elsewhere: everything else is backed up, and the backup says so.
func TestBackupOfADirectoryOnEventStoreDB(t *testing.T) {
	base := t.TempDir()
	dir, restored := filepath.Join(base, "data"), filepath.Join(base, "restored")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	accounts, err := server.OpenAccounts(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	user, err := accounts.Add(t.Context(), people.NewUser{Role: domain.RoleAuditor, Scope: "35"})
	if err = errors.Join(err, accounts.Close(), os.WriteFile(filepath.Join(dir, server.MarkFile), []byte(`{"format":1,"kind":"real","engine":"esdb"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	list, err := server.Restore(t.Context(), whole(t, dir), restored, "test", nil)
	if err != nil || list.Log.Included || list.Log.Engine != "esdb" || list.People.Accounts != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if got := names(t, restored); !slices.Equal(got, []string{server.MarkFile, server.PeopleFile}) {
		t.Errorf("restored %v", got)
	}
	if accounts, err = server.OpenAccounts(t.Context(), restored); err != nil {
		t.Fatal(err)
	}
	if _, ok := accounts.ByToken(user.Token); !ok {
		t.Error("the token is not known there")
	}
	if err := accounts.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEveryFileIsInTheTable: whatever a server makes in its directory is backed up, or left out on purpose.
func TestEveryFileIsInTheTable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	start(t, server.Config{Dir: dir, NoImport: true}).stop()
	if err := os.WriteFile(filepath.Join(dir, "stranger"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, size, err := backup.Open(whole(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := backup.ReadManifest(f, size)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(list.LeftOut, []string{"admin.token", "stranger"}) {
		t.Errorf("left out %v: what a new part of the server keeps belongs into the table in files.go", list.LeftOut)
	}
	var parts []string
	for _, p := range list.Parts {
		parts = append(parts, p.Name)
	}
	if want := []string{server.MarkFile, "notary/notary.key", "notary/notary.pub", "notary/notary.db", "notary/leaves", "side", server.ReadsFile, server.PeopleFile, "log/000001"}; !slices.Equal(parts, want) {
		t.Errorf("parts %v, want %v", parts, want)
	}
}
