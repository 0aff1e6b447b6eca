package notary

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/ncruces/go-sqlite3"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"jejak/internal/outside"
)

// agentWith serves keys as ssh-agent does, from which the witness takes its own.
func agentWith(t *testing.T, dir string) (socket, fingerprint string, public ed25519.PublicKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	sshKey, err := ssh.NewPublicKey(public)
	if err = errors.Join(err, ring.Add(agent.AddedKey{PrivateKey: key})); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	return socket, ssh.FingerprintSHA256(sshKey), public
}

// TestTheStockWitness: torchwood's litewitness, a process of its own, cosigns, also after the notary has begun again.
func TestTheStockWitness(t *testing.T) {
	program := outside.Built(t, "litewitness-v0.9.0")
	dir, err := os.MkdirTemp("", "witness") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, fingerprint, public := agentWith(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	db := filepath.Join(dir, "litewitness.db")
	cmd := exec.CommandContext(t.Context(), program, "-name", "bawaslu.example/jejak", "-db", db, "-ssh-agent", socket, "-key", fingerprint, "-listen", address)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	}()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}

	h := newHouse(t, "sqlite")
	h.record(20)
	n := h.open()
	// As witnessctl add-log and add-key do.
	conn, err := sqlite3.Open("file:" + filepath.ToSlash(db))
	if err == nil {
		err = errors.Join(conn.Exec(fmt.Sprintf("PRAGMA busy_timeout = 5000; INSERT INTO log VALUES ('%s', 0, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='); INSERT INTO key VALUES ('%s', '%s')",
			n.Origin(), n.Origin(), n.Verifier())), conn.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	h.close(n)

	key := vkeyOf("bawaslu.example/jejak", public)
	line := fmt.Sprintf("witness bawaslu %s http://%s", key, address)
	n, told, stop := h.running(line)
	h.cosigned(told, 1)
	h.record(300)
	c := h.cosigned(told, 1)
	policy, err := torchwood.ParsePolicy([]byte("log " + n.Verifier() + "\n" + line + "\nquorum bawaslu\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := torchwood.VerifyCheckpoint(c.Note(), policy); err != nil {
		t.Error(err)
	}
	stop()
	// After a restart it is told from where it knows the log.
	h.record(5)
	_, told, stop = h.running(line)
	h.cosigned(told, 1)
	stop()
}

// vkeyOf is the verifier key of a witness (C2SP tlog-cosignature).
func vkeyOf(name string, public ed25519.PublicKey) string {
	signer, err := torchwood.NewCosignatureSigner(name, publicOnly(public))
	if err != nil {
		panic(err)
	}
	return signer.Verifier().String()
}

// publicOnly is a key of which only the public half is here.
type publicOnly ed25519.PublicKey

func (p publicOnly) Public() crypto.PublicKey { return ed25519.PublicKey(p) }

func (p publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the private half is elsewhere")
}
