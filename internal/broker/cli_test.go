package broker

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/internal/outside"
	"jejak/internal/people"
)

// run runs the client as somebody, with a home of its own: it keeps settings there.
func (d *door) run(program string, user people.Added, args ...string) (string, error) {
	cmd := exec.CommandContext(d.t.Context(), program, append(args, "--inbox-prefix", "_INBOX."+user.ID)...)
	home := d.t.TempDir()
	cmd.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH"), "NATS_URL=" + d.URL(), "NATS_USER=escort", "NATS_PASSWORD=" + user.Token}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheStockClient(t *testing.T) {
	program := outside.Built(t, "nats-v0.5.1")
	d := openDoor(t)
	escort, boss := d.user(domain.RoleEscort, "P3578A"), d.user(domain.RoleProvince, "35")
	d.event("P3578B", "SHP-3578-8", 1)
	d.event("P3578A", "SHP-3578-1", 2)
	d.event("P3578A", "SHP-3578-1", 3)
	for _, want := range []string{"ce-sequence: 2", "ce-sequence: 3"} {
		out, err := d.run(program, escort, "consumer", "next", Stream, escort.ID)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, no %s: %s", err, want, out)
		}
	}
	if out, err := d.run(program, escort, "consumer", "next", Stream, boss.ID, "--timeout", "1s"); err == nil {
		t.Errorf("another's consumer: %s", out)
	}
	d.row("3578", `{"code":"3578"}`)
	if out, err := d.run(program, boss, "kv", "get", Bucket, "pemilu2024.3578", "--raw"); err != nil || !strings.Contains(out, `{"code":"3578"}`) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := d.run(program, boss, "kv", "put", Bucket, "pemilu2024.3578", "forged", "--timeout", "1s"); err == nil {
		t.Errorf("put: %s", out)
	}
	if out, err := d.run(program, boss, "consumer", "next", BucketStream, boss.ID, "--no-ack"); err != nil || !strings.Contains(out, `{"code":"3578"}`) {
		t.Errorf("%v: %s", err, out)
	}
}
